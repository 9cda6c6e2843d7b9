//! The mean of a few runs, and its confidence interval.
//!
//! ```text
//! mean ± t(0.975; n − 1) · s / √n
//! ```
//!
//! The interval is exact for normally distributed results, and approximate for most others. With
//! three seeds there are two degrees of freedom, and t is 4.30: the interval is wide, because three
//! seeds carry little information.
//!
//! Reference: Student 1908, <https://doi.org/10.1093/biomet/6.1.1>

use super::StatisticsError;
use super::errors::{check_finite, finite};
use super::student::critical;

/// An interval from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Bounds {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Mean and spread of the results of several runs.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct SampleSummary {
    /// The number of results.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their spread.
    pub spread: Spread,
}

/// The spread of results, where it can be estimated.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Spread {
    /// There is only one result, so the spread is unknown.
    Single,
    /// All results are equal up to rounding. An interval would have no width, but that would not
    /// mean certainty: the score may be saturated, or the seeds may have no effect.
    Equal,
    /// The results differ.
    Varied {
        /// Sample standard deviation: the sum of squares is divided by n − 1.
        standard_deviation: f64,
        /// 95 % confidence interval of the mean.
        interval: Bounds,
    },
}

impl SampleSummary {
    /// The summary of `values`, one per run.
    ///
    /// # Errors
    ///
    /// [`StatisticsError`] if there are no values, or a value is not finite.
    pub fn of(values: &[f64]) -> Result<Self, StatisticsError> {
        check_finite(values)?;
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let (n, mean) = (values.len(), mean(values)?);
        let spread = spread(values, mean, largest)?;
        Ok(Self { n, mean, spread })
    }

    /// 95 % confidence interval of the mean, where there is one.
    pub fn interval(&self) -> Option<Bounds> {
        match self.spread {
            Spread::Varied { interval, .. } => Some(interval),
            Spread::Single | Spread::Equal => None,
        }
    }
}

/// The mean of at least one value.
pub(super) fn mean(values: &[f64]) -> Result<f64, StatisticsError> {
    finite(values.iter().sum::<f64>() / values.len() as f64)
}

/// The spread of `values`, which were computed from values of magnitude `size`. Differences below
/// their rounding error count as equal.
pub(super) fn spread(values: &[f64], mean: f64, size: f64) -> Result<Spread, StatisticsError> {
    let n = values.len();
    if n == 1 {
        return Ok(Spread::Single);
    }
    // Scaled by the size, so that no square overflows or underflows.
    let scaled = |value: &f64| if size > 0.0 { (value - mean) / size } else { 0.0 };
    let squares: f64 = values.iter().map(|value| scaled(value).powi(2)).sum();
    let relative = (squares / (n - 1) as f64).sqrt();
    if relative <= 4.0 * f64::EPSILON {
        return Ok(Spread::Equal);
    }
    let standard_deviation = finite(size * relative)?;
    let half = critical(n - 1)? * standard_deviation / (n as f64).sqrt();
    let interval = Bounds { low: finite(mean - half)?, high: finite(mean + half)? };
    Ok(Spread::Varied { standard_deviation, interval })
}
