//! What every metric of texts checks, and the parts of signatures that they share.

use super::error::ScoreError;

/// Checks that both counts are equal and not 0.
pub(super) fn check_lengths(
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), ScoreError> {
    if found != expected {
        return Err(ScoreError::Lengths { what, found, expected });
    }
    if found == 0 {
        return Err(ScoreError::Empty { what });
    }
    Ok(())
}

/// The number of references, as in sacreBLEU's signatures.
pub(super) fn references_signature<S>(references: &[Vec<S>]) -> String {
    let count = references.first().map_or(0, Vec::len);
    if references.iter().all(|sentence| sentence.len() == count) {
        count.to_string()
    } else {
        "var".to_owned()
    }
}

/// Checks that every sentence has at least one reference.
pub(super) fn check_references<H, R>(
    hypotheses: &[H],
    references: &[Vec<R>],
) -> Result<(), ScoreError> {
    check_lengths("sentences", hypotheses.len(), references.len())?;
    match references.iter().position(Vec::is_empty) {
        Some(sentence) => Err(ScoreError::NoReference { sentence }),
        None => Ok(()),
    }
}

/// Checks that every value is finite.
pub(super) fn check_finite(what: &'static str, values: &[f64]) -> Result<(), ScoreError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(ScoreError::NotFinite { what, index, value: values[index] }),
        None => Ok(()),
    }
}
