//! The mean of a few runs, and the interval that it has.
//!
//! ```text
//! mean ± t(0.975; n − 1) · s / √n
//! ```
//!
//! The interval is right for normally distributed results, and close to it for most others. With three
//! seeds there are two degrees of freedom, and t is 4.30: wide, because three seeds say little.
//!
//! Reference: Student 1908, <https://doi.org/10.1093/biomet/6.1.1>

use super::StatisticsError;
use super::errors::{check_finite, finite};
use super::student::critical;

/// From `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Mean and spread of the results of several runs.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Summary {
    /// How many results there are.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// How far they are apart.
    pub spread: Spread,
}

/// How far results are apart, as far as they tell.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Spread {
    /// There is one result, which says nothing about others.
    Single,
    /// All are equal, but for rounding. Their interval would have no width; that is no certainty: a
    /// score may be at its end, or the seeds may change nothing.
    Equal,
    /// They differ.
    Varied {
        /// Sample standard deviation: the sum of squares is divided by n − 1.
        standard_deviation: f64,
        /// 95 % confidence interval of the mean.
        interval: Interval,
    },
}

impl Summary {
    /// The summary of `values`, one per run.
    ///
    /// # Errors
    ///
    /// [`StatisticsError`] where there is no number, and where one is not finite.
    pub fn of(values: &[f64]) -> Result<Self, StatisticsError> {
        check_finite(values)?;
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let (n, mean) = (values.len(), mean(values)?);
        let spread = spread(values, mean, largest)?;
        Ok(Self { n, mean, spread })
    }

    /// 95 % confidence interval of the mean, where there is one.
    pub fn interval(&self) -> Option<Interval> {
        match self.spread {
            Spread::Varied { interval, .. } => Some(interval),
            Spread::Single | Spread::Equal => None,
        }
    }
}

/// Of at least one value.
pub(super) fn mean(values: &[f64]) -> Result<f64, StatisticsError> {
    finite(values.iter().sum::<f64>() / values.len() as f64)
}

/// The spread of `values`, which come from numbers of this size: from less than their rounding nothing
/// can be concluded.
pub(super) fn spread(values: &[f64], mean: f64, size: f64) -> Result<Spread, StatisticsError> {
    let n = values.len();
    if n == 1 {
        return Ok(Spread::Single);
    }
    // In units of the size, so that no square is too small or too large.
    let scaled = |value: &f64| if size > 0.0 { (value - mean) / size } else { 0.0 };
    let squares: f64 = values.iter().map(|value| scaled(value).powi(2)).sum();
    let relative = (squares / (n - 1) as f64).sqrt();
    if relative <= 4.0 * f64::EPSILON {
        return Ok(Spread::Equal);
    }
    let standard_deviation = finite(size * relative)?;
    let half = critical(n - 1)? * standard_deviation / (n as f64).sqrt();
    let interval = Interval { low: finite(mean - half)?, high: finite(mean + half)? };
    Ok(Spread::Varied { standard_deviation, interval })
}
