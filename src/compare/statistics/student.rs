//! Student's t distribution.
//!
//! Reference: Student 1908, <https://doi.org/10.1093/biomet/6.1.1>

use super::StatisticsError;
use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};
use statrs::function::beta::beta_reg;

/// The value that |t| exceeds with a probability of 5 %.
///
/// `degrees` are the degrees of freedom, at least 1.
pub(super) fn critical(degrees: usize) -> Result<f64, StatisticsError> {
    let distribution =
        StudentsT::new(0.0, 1.0, degrees as f64).map_err(|_| StatisticsError::OutOfRange)?;
    let mut t = distribution.inverse_cdf(0.975);
    // Newton's steps: the inverse has only six digits at a hundred thousand degrees.
    for _ in 0..3 {
        t += (two_sided(t, degrees) - 0.05) / (2.0 * distribution.pdf(t));
    }
    Ok(t)
}

/// The probability of a |t| at least as large.
// By the incomplete beta function, which keeps its digits where 1 − F(t) would lose them.
pub(super) fn two_sided(t: f64, degrees: usize) -> f64 {
    let degrees = degrees as f64;
    beta_reg(degrees / 2.0, 0.5, degrees / (degrees + t * t))
}
