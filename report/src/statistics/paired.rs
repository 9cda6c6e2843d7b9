//! The paired t-test: two architectures on the same seeds and the same order of data.
//!
//! ```text
//! t = mean(d) / (s_d / √n)      d_i = a_i − b_i
//! ```
//!
//! Effects of a seed on both sides (the data, their order) cancel in the difference, so the test
//! detects small differences that two separate intervals would hide. With three pairs there are two
//! degrees of freedom: only a t above 4.30 has a p below 0.05.
//!
//! Reference: Student 1908, <https://doi.org/10.1093/biomet/6.1.1>

use super::StatisticsError;
use super::errors::{check_finite, finite};
use super::student::two_sided;
use super::summary::{Bounds, Spread, mean, spread};

/// The mean difference of pairs, and its significance.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct PairedTest {
    /// Number of pairs.
    pub n: usize,
    /// Mean of first minus second.
    pub difference: f64,
    /// The result of the test.
    pub outcome: PairedOutcome,
}

/// The result of a paired t-test.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum PairedOutcome {
    /// There is only one pair, so the variance is unknown.
    Single,
    /// All pairs have the same difference up to rounding: the test would divide by 0.
    Constant,
    /// The t-test.
    Tested {
        /// The t statistic.
        t: f64,
        /// Degrees of freedom, n − 1.
        degrees: usize,
        /// The two-sided p-value: the probability of a difference at least as large if there were
        /// none.
        p: f64,
        /// 95 % confidence interval of the mean difference.
        interval: Bounds,
    },
}

impl PairedTest {
    /// The p-value, where there is one, as [`holm`](super::holm) takes it.
    pub fn p(&self) -> Option<f64> {
        match self.outcome {
            PairedOutcome::Tested { p, .. } => Some(p),
            PairedOutcome::Single | PairedOutcome::Constant => None,
        }
    }
}

/// The differences of `first` and `second`, pair by pair.
///
/// # Errors
///
/// [`StatisticsError`] if there are no pairs, the lengths differ, or a value is not finite.
pub(super) fn differences(first: &[f64], second: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    if first.len() != second.len() {
        return Err(StatisticsError::Unpaired { first: first.len(), second: second.len() });
    }
    check_finite(first)?;
    check_finite(second)?;
    first.iter().zip(second).map(|(a, b)| finite(a - b)).collect()
}

/// The largest absolute value, which scales the rounding error of a difference.
pub(super) fn size(first: &[f64], second: &[f64]) -> f64 {
    first.iter().chain(second).fold(0.0, |size, value| size.max(value.abs()))
}

/// Student's paired t-test, two-sided: result i of `first` has the seed of result i of `second`.
///
/// # Errors
///
/// [`StatisticsError`] if there are no pairs, the lengths differ, or a value is not finite.
pub fn paired_t_test(first: &[f64], second: &[f64]) -> Result<PairedTest, StatisticsError> {
    let differences = differences(first, second)?;
    let (n, difference) = (differences.len(), mean(&differences)?);
    let outcome = match spread(&differences, difference, size(first, second))? {
        Spread::Single => PairedOutcome::Single,
        Spread::Equal => PairedOutcome::Constant,
        Spread::Varied { standard_deviation, interval } => {
            let t = finite(difference / (standard_deviation / (n as f64).sqrt()))?;
            let degrees = n - 1;
            PairedOutcome::Tested { t, degrees, p: two_sided(t, degrees), interval }
        }
    };
    Ok(PairedTest { n, difference, outcome })
}
