//! Shares of what is right: of answers, of whole sequences, of tokens.

use super::{ScoreError, check_lengths};

/// A share, and what it is a share of.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Accuracy {
    /// How many are right.
    pub correct: usize,
    /// Of how many.
    pub total: usize,
    /// The one divided by the other, from 0 to 1.
    pub share: f64,
}

/// The share of answers that are the expected ones.
///
/// Of whole sequences (`T` is a list) it is the share of exact matches.
///
/// # Errors
///
/// [`ScoreError`] where there is no answer, and where the numbers of answers differ.
pub fn accuracy<T: PartialEq>(found: &[T], expected: &[T]) -> Result<Accuracy, ScoreError> {
    check_lengths("answers", found.len(), expected.len())?;
    let correct = found.iter().zip(expected).filter(|(found, expected)| found == expected).count();
    Ok(share(correct, expected.len()))
}

/// The share of tokens that are the expected ones, over all sequences: for tags.
///
/// # Errors
///
/// [`ScoreError`] where there is no token, where the numbers of sequences differ, and where a
/// sequence is longer or shorter than the expected one.
pub fn token_accuracy<T: PartialEq>(
    found: &[Vec<T>],
    expected: &[Vec<T>],
) -> Result<Accuracy, ScoreError> {
    check_lengths("sequences", found.len(), expected.len())?;
    check_each(found, expected)?;
    position_accuracy(found, expected)
}

/// The share of positions that have the expected token, over all sequences: for what a model wrote,
/// which may be too long or too short.
///
/// A sequence has as many positions as the longer one of found and expected, so that neither ending
/// early nor running on is free.
///
/// # Errors
///
/// [`ScoreError`] where there is no token, and where the numbers of sequences differ.
pub fn position_accuracy<T: PartialEq>(
    found: &[Vec<T>],
    expected: &[Vec<T>],
) -> Result<Accuracy, ScoreError> {
    check_lengths("sequences", found.len(), expected.len())?;
    let (mut correct, mut total) = (0, 0);
    for (found, expected) in found.iter().zip(expected) {
        correct += found.iter().zip(expected).filter(|(found, expected)| found == expected).count();
        total += found.len().max(expected.len());
    }
    match total {
        0 => Err(ScoreError::Empty { what: "tokens" }),
        _ => Ok(share(correct, total)),
    }
}

/// Each sequence is as long as the expected one.
pub(super) fn check_each<F, E>(found: &[Vec<F>], expected: &[Vec<E>]) -> Result<(), ScoreError> {
    let lengths = found.iter().map(Vec::len).zip(expected.iter().map(Vec::len));
    match lengths.enumerate().find(|(_, (found, expected))| found != expected) {
        Some((sequence, (found, expected))) => {
            Err(ScoreError::SequenceLengths { sequence, found, expected })
        }
        None => Ok(()),
    }
}

fn share(correct: usize, total: usize) -> Accuracy {
    Accuracy { correct, total, share: correct as f64 / total as f64 }
}
