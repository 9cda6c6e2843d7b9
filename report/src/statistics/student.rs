//! Student's t distribution.
//!
//! Reference: Student 1908, <https://doi.org/10.1093/biomet/6.1.1>

use super::StatisticsError;
use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};
use statrs::function::beta::beta_reg;

/// The two-sided critical value at 5 %: |t| exceeds it with a probability of 5 %.
///
/// `degrees` are the degrees of freedom, at least 1.
pub(super) fn critical(degrees: usize) -> Result<f64, StatisticsError> {
    let distribution =
        StudentsT::new(0.0, 1.0, degrees as f64).map_err(|_| StatisticsError::OutOfRange)?;
    let mut t = distribution.inverse_cdf(0.975);
    // Refined by Newton's method: the inverse is accurate to only six digits at 100,000 degrees.
    for _ in 0..3 {
        t += (two_sided(t, degrees) - 0.05) / (2.0 * distribution.pdf(t));
    }
    Ok(t)
}

/// The two-sided p-value: the probability of a |t| at least as large.
// The incomplete beta function stays accurate where 1 − F(t) would cancel.
pub(super) fn two_sided(t: f64, degrees: usize) -> f64 {
    let degrees = degrees as f64;
    beta_reg(degrees / 2.0, 0.5, degrees / (degrees + t * t))
}
