//! Errors of the statistics.

use super::Point;

/// Why a statistic is undefined.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatisticsError {
    /// There are no values.
    #[error("there are no values")]
    Empty,
    /// A value is NaN or infinite, most likely from a diverged run, which belongs in no mean; the
    /// report lists diverged runs separately.
    #[error("value {index} is {value}: only finite values can be compared; did that run diverge?")]
    NotFinite {
        /// Its index, from 0.
        index: usize,
        /// NaN or an infinity.
        value: f64,
    },
    /// A value is 0 or negative, but its logarithm or inverse is needed.
    #[error("value {index} is {value}, but must be above 0")]
    NotPositive {
        /// Its index, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A p-value is not a probability.
    #[error("p-value {index} is {value}, but must be between 0 and 1")]
    NotProbability {
        /// Its index, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// The values are finite, but a result computed from them overflows.
    #[error("the values are too large or too small to compute with: scale them")]
    OutOfRange,
    /// The two sides of a paired test have different lengths.
    #[error("{first} values cannot be paired with {second}: compare the same seeds")]
    Unpaired {
        /// The number of values on the first side.
        first: usize,
        /// The number of values on the second side.
        second: usize,
    },
    /// Too many pairs for the exact test, which counts all assignments of signs.
    #[error("{found} pairs are too many for the exact test (at most {most}): use the t-test")]
    TooManyPairs {
        /// The number of pairs.
        found: usize,
        /// The largest supported number.
        most: usize,
    },
    /// Too few sizes: a curve with as many parameters as points fits any points.
    #[error("a curve needs points at {needed} or more different sizes, but there are {found}")]
    TooFewSizes {
        /// The number of distinct x.
        found: usize,
        /// The number that is needed.
        needed: usize,
    },
    /// The best curve is a constant.
    #[error("the loss does not fall with size, so there is no power law to fit")]
    NotFalling,
    /// Any large enough exponent fits equally well.
    #[error(
        "only the smallest size differs from the rest, which is no power law yet: add sizes between \
         the smallest and the next"
    )]
    OneStep,
}

/// Checks that there is a value and all values are finite.
pub(super) fn check_finite(values: &[f64]) -> Result<(), StatisticsError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(StatisticsError::NotFinite { index, value: values[index] }),
        None if values.is_empty() => Err(StatisticsError::Empty),
        None => Ok(()),
    }
}

/// Checks that both coordinates of all points are finite and above 0. Errors have the index of the
/// point.
pub(super) fn check_points(points: &[Point]) -> Result<(), StatisticsError> {
    if points.is_empty() {
        return Err(StatisticsError::Empty);
    }
    for (index, point) in points.iter().enumerate() {
        for value in [point.x, point.y] {
            if !value.is_finite() {
                return Err(StatisticsError::NotFinite { index, value });
            }
            if value <= 0.0 {
                return Err(StatisticsError::NotPositive { index, value });
            }
        }
    }
    Ok(())
}

/// The distinct values of x, in order; an error if there are fewer than `needed`.
pub(super) fn sizes(points: &[Point], needed: usize) -> Result<Vec<f64>, StatisticsError> {
    let mut sizes: Vec<f64> = points.iter().map(|point| point.x).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    match sizes.len() {
        found if found < needed => Err(StatisticsError::TooFewSizes { found, needed }),
        _ => Ok(sizes),
    }
}

/// A computed value; an error if it overflowed `f64`.
pub(super) fn finite(value: f64) -> Result<f64, StatisticsError> {
    if value.is_finite() { Ok(value) } else { Err(StatisticsError::OutOfRange) }
}
