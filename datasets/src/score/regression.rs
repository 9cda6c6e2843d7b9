//! Correlations and errors of numbers, as scipy and scikit-learn compute them.
//!
//! ```text
//! Pearson r = Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² Σ (y − ȳ)²)      Spearman ρ = r of the ranks
//! MSE = mean (x − y)²      MAE = mean |x − y|      R² = 1 − Σ (x − y)² / Σ (y − ȳ)²
//! ```
//!
//! where x is found and y expected. Equal values have the mean of their ranks.
//!
//! Reference: scipy 1.17, <https://docs.scipy.org/doc/scipy/reference/stats.html>; scikit-learn
//! 1.9, <https://scikit-learn.org/stable/modules/model_evaluation.html>

use super::checks::{check_finite, check_lengths};
use super::error::ScoreError;

/// Pearson's correlation, from -1 to 1.
///
/// # Errors
///
/// [`ScoreError`] if the numbers of values differ, there are fewer than two, one is not finite, or
/// all found or all expected values are equal.
pub fn pearson(found: &[f64], expected: &[f64]) -> Result<f64, ScoreError> {
    check(found, expected)?;
    check_at_least_two(found)?;
    correlation(found, expected)
}

/// Spearman's rank correlation, from -1 to 1.
///
/// # Errors
///
/// As [`pearson`].
pub fn spearman(found: &[f64], expected: &[f64]) -> Result<f64, ScoreError> {
    check(found, expected)?;
    check_at_least_two(found)?;
    correlation(&ranks(found), &ranks(expected))
}

/// The mean squared error.
///
/// # Errors
///
/// [`ScoreError`] if there are no values, their numbers differ, one is not finite, or the error
/// exceeds the largest f64.
pub fn mean_squared_error(found: &[f64], expected: &[f64]) -> Result<f64, ScoreError> {
    check(found, expected)?;
    check_result("mean squared error", squared_error(found, expected) / found.len() as f64)
}

/// The mean absolute error.
///
/// # Errors
///
/// As [`mean_squared_error`].
pub fn mean_absolute_error(found: &[f64], expected: &[f64]) -> Result<f64, ScoreError> {
    check(found, expected)?;
    let sum: f64 = found.iter().zip(expected).map(|(x, y)| (x - y).abs()).sum();
    check_result("mean absolute error", sum / found.len() as f64)
}

/// The coefficient of determination, at most 1.
///
/// If all expected values are equal, it is 1 for values that are all correct and otherwise 0, as
/// in scikit-learn (which divides by rounding errors if the mean is not exact: for 0.1, 0.1, 0.1).
///
/// # Errors
///
/// [`ScoreError`] if the numbers of values differ, there are fewer than two, one is not finite, or
/// the sums of squares exceed the largest f64.
pub fn r2(found: &[f64], expected: &[f64]) -> Result<f64, ScoreError> {
    check(found, expected)?;
    check_at_least_two(found)?;
    let residual = squared_error(found, expected);
    let mean = expected.iter().sum::<f64>() / expected.len() as f64;
    let total: f64 = expected.iter().map(|y| (y - mean).powi(2)).sum();
    // The mean of equal values may differ from them in the last digit.
    if is_constant(expected) || total == 0.0 {
        return Ok(if found == expected { 1.0 } else { 0.0 });
    }
    check_result("sum of squares", total)?;
    check_result("coefficient of determination", 1.0 - residual / total)
}

fn check(found: &[f64], expected: &[f64]) -> Result<(), ScoreError> {
    check_lengths("values", found.len(), expected.len())?;
    check_finite("found value", found)?;
    check_finite("expected value", expected)
}

fn check_at_least_two(values: &[f64]) -> Result<(), ScoreError> {
    match values.len() {
        found @ ..2 => Err(ScoreError::TooFew { what: "values", found, needed: 2 }),
        _ => Ok(()),
    }
}

fn check_result(what: &'static str, value: f64) -> Result<f64, ScoreError> {
    if value.is_finite() { Ok(value) } else { Err(ScoreError::Overflow { what }) }
}

fn squared_error(found: &[f64], expected: &[f64]) -> f64 {
    found.iter().zip(expected).map(|(x, y)| (x - y).powi(2)).sum()
}

fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

fn correlation(found: &[f64], expected: &[f64]) -> Result<f64, ScoreError> {
    let found = deviations("found values", found)?;
    let expected = deviations("expected values", expected)?;
    let product: f64 = found.iter().zip(&expected).map(|(x, y)| x * y).sum();
    // Rounding may exceed 1 in the last digit.
    Ok((product / (norm(&found) * norm(&expected))).clamp(-1.0, 1.0))
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// The deviations from the mean, divided by the largest so that no square overflows or is 0.
fn deviations(what: &'static str, values: &[f64]) -> Result<Vec<f64>, ScoreError> {
    if is_constant(values) {
        return Err(ScoreError::Constant { what });
    }
    let mean = check_result("sum of values", values.iter().sum::<f64>() / values.len() as f64)?;
    let deviations: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let largest = deviations.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    check_result("deviation from the mean", largest)?;
    Ok(deviations.iter().map(|value| value / largest).collect())
}

/// The ranks from 1; equal values have the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    // `total_cmp` would order -0 before 0, which are equal.
    order.sort_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + (equal.len() + 1) as f64 / 2.0;
        equal.iter().for_each(|&index| ranks[index] = rank);
        before += equal.len();
    }
    ranks
}
