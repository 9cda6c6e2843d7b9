//! The known name that is most like a mistyped one.

/// The name with the fewest edits from `name`; `None` if it is another word.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let nearest = known.min_by_key(|other| edits(name, other))?;
    (2 * edits(name, nearest) <= name.chars().count()).then_some(nearest)
}

/// The Levenshtein distance: insertions, removals and replacements of characters.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_has_the_fewest_edits() {
        assert_eq!((edits("kitten", "sitting"), edits("", "ab"), edits("ab", "ab")), (3, 2, 0));
        let known = ["lr", "min-lr", "layer-decay", "warmup"];
        assert_eq!(nearest("layer_decay", known.into_iter()), Some("layer-decay"));
        assert_eq!(nearest("learning-rate", known.into_iter()), None);
    }
}
