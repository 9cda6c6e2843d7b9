//! Entities that two overlapping windows both found.

use super::Entity;

/// Keeps the longest of overlapping entities, and the most probable one of equal length.
pub(super) fn resolve(mut entities: Vec<Entity>) -> Vec<Entity> {
    entities.sort_by_key(|entity| entity.start);
    let length = |entity: &Entity| entity.end - entity.start;
    let mut kept: Vec<Entity> = Vec::new();
    for entity in entities {
        match kept.last_mut() {
            Some(last) if entity.start < last.end => {
                let is_longer = length(&entity) > length(last);
                let is_surer = length(&entity) == length(last) && entity.score > last.score;
                if is_longer || is_surer {
                    *last = entity;
                }
            }
            _ => kept.push(entity),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_overlapping_entity_is_kept() {
        let entity = |start, end, score| Entity {
            label: "PER".into(),
            score,
            word: String::new(),
            start,
            end,
            index: None,
        };
        let found = resolve(vec![
            entity(9, 12, 0.5),
            entity(0, 4, 0.5),
            entity(2, 8, 0.4),
            entity(2, 8, 0.6),
            entity(12, 13, 0.1),
        ]);
        let expected = vec![entity(2, 8, 0.6), entity(9, 12, 0.5), entity(12, 13, 0.1)];
        assert_eq!(found, expected);
    }
}
