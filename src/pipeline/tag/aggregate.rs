//! From classes of tokens to parts of a text.

use std::ops::Range;

use super::{Aggregation, Entity, Tagging};
use crate::datasets::tokenizer::{Tokenizer, TokenizerError};
use crate::pipeline::scores::largest;

/// A token with what is needed to put it together with others.
pub(super) struct Piece {
    /// As the vocabulary writes it.
    pub(super) word: String,
    /// The probabilities of all classes.
    pub(super) scores: Vec<f32>,
    /// Its characters in the text.
    pub(super) span: Range<usize>,
    /// Its number among the tokens.
    pub(super) index: usize,
    /// Whether it goes on with the word of the token before.
    pub(super) continues: bool,
}

/// The parts of a text that are of a class, without those of ignored classes.
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

/// A token by itself.
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

/// A word whose tokens are of one class, whatever each of them says.
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

/// Tokens or words that belong together.
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

/// Whether what has the next label goes on with what has this one. `B-` begins something new, even
/// after its like; a label without a letter before it is one that goes on.
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
    fn a_beginning_ends_what_came_before() {
        assert!(goes_on("B-PER", "I-PER"));
        assert!(goes_on("PER", "I-PER"));
        assert!(goes_on("O", "O"));
        assert!(!goes_on("I-PER", "B-PER"));
        assert!(!goes_on("B-PER", "I-LOC"));
    }
}
