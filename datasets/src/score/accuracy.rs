//! Accuracy over answers, whole sequences and tokens.

use super::checks::check_lengths;
use super::error::ScoreError;

/// An accuracy with its counts.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Accuracy {
    /// The number of correct items.
    pub correct: usize,
    /// The number of items.
    pub total: usize,
    /// `correct / total`, from 0 to 1.
    pub share: f64,
}

/// The fraction of answers that equal the expected ones.
///
/// For whole sequences (`T` is a list) this is the exact-match rate.
///
/// # Errors
///
/// [`ScoreError`] if there are no answers or the numbers of answers differ.
pub fn accuracy<T: PartialEq>(found: &[T], expected: &[T]) -> Result<Accuracy, ScoreError> {
    check_lengths("answers", found.len(), expected.len())?;
    let correct = found.iter().zip(expected).filter(|(found, expected)| found == expected).count();
    Ok(share(correct, expected.len()))
}

/// The fraction of tokens that equal the expected ones, over all sequences: for tags.
///
/// # Errors
///
/// [`ScoreError`] if there are no tokens, the numbers of sequences differ, or a sequence is longer
/// or shorter than the expected one.
pub fn token_accuracy<T: PartialEq>(
    found: &[Vec<T>],
    expected: &[Vec<T>],
) -> Result<Accuracy, ScoreError> {
    check_lengths("sequences", found.len(), expected.len())?;
    check_each(found, expected)?;
    position_accuracy(found, expected)
}

/// The fraction of positions that have the expected token, over all sequences: for generated
/// sequences, which may be too long or too short.
///
/// A sequence has as many positions as the longer of found and expected, so both missing and extra
/// tokens count as errors.
///
/// # Errors
///
/// [`ScoreError`] if there are no tokens or the numbers of sequences differ.
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

/// Checks that each sequence is as long as the expected one.
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
