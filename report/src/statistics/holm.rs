//! Holm's correction for multiple tests.
//!
//! Of twenty comparisons of equal architectures, one has a p below 0.05 on average. Holm's
//! correction keeps the probability of any such false positive among all tests below that level,
//! even for dependent tests.
//!
//! ```text
//! p'(i) = max over j ≤ i of min(1, (m − j + 1) · p(j))      p(1) ≤ p(2) ≤ … ≤ p(m)
//! ```
//!
//! Reference: Holm 1979, <https://www.jstor.org/stable/4615733>

use super::StatisticsError;

/// Corrected p-values, in the order of `p`.
///
/// A comparison without a p-value stays `None`, but counts as a test, because it was made.
///
/// # Errors
///
/// [`StatisticsError::NotProbability`] for values outside of 0 to 1.
pub fn holm(p: &[Option<f64>]) -> Result<Vec<Option<f64>>, StatisticsError> {
    let mut known: Vec<(usize, f64)> = Vec::new();
    for (index, value) in p.iter().enumerate() {
        let Some(value) = *value else { continue };
        if !(0.0..=1.0).contains(&value) {
            return Err(StatisticsError::NotProbability { index, value });
        }
        known.push((index, value));
    }
    known.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let mut corrected = vec![None; p.len()];
    let mut largest = 0.0_f64;
    for (rank, (index, value)) in known.into_iter().enumerate() {
        largest = largest.max(((p.len() - rank) as f64 * value).min(1.0));
        corrected[index] = Some(largest);
    }
    Ok(corrected)
}
