//! Several tests at once.
//!
//! Of twenty comparisons of equals, one has a p below 0.05. Holm's correction keeps the probability
//! of any such mistake among all of them below that level, whatever the tests have to do with
//! each other.
//!
//! ```text
//! p'(i) = max over j ≤ i of min(1, (m − j + 1) · p(j))      p(1) ≤ p(2) ≤ … ≤ p(m)
//! ```
//!
//! Reference: Holm 1979, <https://www.jstor.org/stable/4615733>

use super::StatisticsError;

/// Corrected p values, in the order of the given ones.
///
/// A comparison without a p value (`None`) stays without, and counts: it was made.
///
/// # Errors
///
/// [`StatisticsError::NotProbability`] for anything that is not between 0 and 1.
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
    for (place, (index, value)) in known.into_iter().enumerate() {
        largest = largest.max(((p.len() - place) as f64 * value).min(1.0));
        corrected[index] = Some(largest);
    }
    Ok(corrected)
}
