//! From token labels to entities.

use std::ops::Range;

use super::{Aggregation, Entity, Tagging};
use crate::datasets::tokenizer::{Tokenizer, TokenizerError};
use crate::pipeline::scores::largest;

/// A token with the data for grouping.
pub(super) struct Piece {
    /// The token as in the vocabulary.
    pub(super) word: String,
    /// The probabilities of all labels.
    pub(super) scores: Vec<f32>,
    /// Its character range in the text.
    pub(super) span: Range<usize>,
    /// Its index among the tokens.
    pub(super) index: usize,
    /// Whether it continues the word of the previous token.
    pub(super) continues: bool,
}

/// The entities of a text, without ignored labels.
pub(super) fn entities(
    tokenizer: &Tokenizer,
    labels: &[String],
    pieces: Vec<Piece>,
    how: &Tagging,
) -> Result<Vec<Entity>, TokenizerError> {
    let units: Vec<Entity> = match how.aggregation {
        Aggregation::None | Aggregation::Simple => {
            pieces.into_iter().map(|piece| token(labels, piece)).collect()
        }
        _ => {
            let words = pieces.chunk_by(|_, next| next.continues);
            words.map(|pieces| word(tokenizer, labels, pieces, how)).collect::<Result<_, _>>()?
        }
    };
    let mut entities = match how.aggregation {
        Aggregation::None => units,
        _ => {
            let groups = units.chunk_by(|unit, next| goes_on(&unit.label, &next.label));
            groups.map(|units| group(tokenizer, units)).collect::<Result<_, _>>()?
        }
    };
    entities.retain(|entity| !how.ignored.contains(&entity.label));
    Ok(entities)
}

/// A single token as an entity.
fn token(labels: &[String], piece: Piece) -> Entity {
    let class = largest(&piece.scores);
    Entity {
        label: labels[class].clone(),
        score: piece.scores[class],
        word: piece.word,
        start: piece.span.start,
        end: piece.span.end,
        index: Some(piece.index),
    }
}

/// A word with one label for all of its tokens.
fn word(
    tokenizer: &Tokenizer,
    labels: &[String],
    pieces: &[Piece],
    how: &Tagging,
) -> Result<Entity, TokenizerError> {
    let surest = |piece: &Piece| piece.scores[largest(&piece.scores)];
    let scores = match how.aggregation {
        Aggregation::Average => {
            let mean = |class: usize| {
                let sum: f64 = pieces.iter().map(|piece| f64::from(piece.scores[class])).sum();
                (sum / pieces.len() as f64) as f32
            };
            (0..labels.len()).map(mean).collect()
        }
        Aggregation::Max => {
            let all: Vec<f32> = pieces.iter().map(surest).collect();
            pieces[largest(&all)].scores.clone()
        }
        _ => pieces[0].scores.clone(),
    };
    let class = largest(&scores);
    Ok(Entity {
        label: labels[class].clone(),
        score: scores[class],
        word: tokenizer.join(pieces.iter().map(|piece| piece.word.clone()).collect())?,
        start: pieces[0].span.start,
        end: pieces[pieces.len() - 1].span.end,
        index: None,
    })
}

/// Joins tokens or words to an entity.
fn group(tokenizer: &Tokenizer, units: &[Entity]) -> Result<Entity, TokenizerError> {
    let label = &units[0].label;
    let sum: f64 = units.iter().map(|unit| f64::from(unit.score)).sum();
    Ok(Entity {
        label: label.split_once('-').map_or(label.as_str(), |(_, class)| class).to_owned(),
        score: (sum / units.len() as f64) as f32,
        word: tokenizer.join(units.iter().map(|unit| unit.word.clone()).collect())?,
        start: units[0].start,
        end: units[units.len() - 1].end,
        index: None,
    })
}

/// Whether an entity with this label continues in a unit with the next label. `B-` starts a new
/// entity, even after the same label; a label without a prefix counts as `I-`.
fn goes_on(label: &str, next: &str) -> bool {
    !next.starts_with("B-") && class(label) == class(next)
}

fn class(label: &str) -> &str {
    label.strip_prefix("B-").or_else(|| label.strip_prefix("I-")).unwrap_or(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_b_label_starts_a_new_entity() {
        assert!(goes_on("B-PER", "I-PER"));
        assert!(goes_on("PER", "I-PER"));
        assert!(goes_on("O", "O"));
        assert!(!goes_on("I-PER", "B-PER"));
        assert!(!goes_on("B-PER", "I-LOC"));
    }
}
