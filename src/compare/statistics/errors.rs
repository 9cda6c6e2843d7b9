//! Why numbers give no statistic.

use super::Point;

/// Why numbers give no statistic.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatisticsError {
    /// No numbers at all.
    #[error("there are no numbers")]
    Empty,
    /// A diverged run, most likely: it has no place in a mean, and the report shows it apart.
    #[error(
        "number {index} is {value}: only finite numbers can be compared; did that run diverge?"
    )]
    NotFinite {
        /// Its index, from 0.
        index: usize,
        /// NaN or an infinity.
        value: f64,
    },
    /// Logarithms are taken, or losses divided by.
    #[error("number {index} is {value}, and must be above 0")]
    NotPositive {
        /// Its index, from 0.
        index: usize,
        /// The number.
        value: f64,
    },
    /// No probability.
    #[error("p value {index} is {value}, and must be between 0 and 1")]
    NotProbability {
        /// Its index, from 0.
        index: usize,
        /// The number.
        value: f64,
    },
    /// The numbers are finite, and what is computed from them is not.
    #[error("the numbers are too large or too small to compute with: scale them")]
    OutOfRange,
    /// Pairs have two sides.
    #[error("{first} numbers cannot be paired with {second}: compare the same seeds")]
    Unpaired {
        /// How many there are on the one side.
        first: usize,
        /// How many there are on the other.
        second: usize,
    },
    /// The exact test counts all assignments of signs.
    #[error("{found} pairs are too many for the exact test, which takes {most}: use the t test")]
    TooManyPairs {
        /// How many there are.
        found: usize,
        /// How many it takes.
        most: usize,
    },
    /// A curve with as many parameters as points fits anything.
    #[error("a curve needs points at {needed} different sizes or more, and there are {found}")]
    TooFewSizes {
        /// Different values of x.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The best curve is a constant.
    #[error("the loss does not fall with the size, so there is no power law to fit")]
    NotFalling,
    /// Any large enough exponent fits equally well.
    #[error(
        "only the smallest size differs from the rest, which is no power law yet: add sizes between \
         the smallest and the next"
    )]
    OneStep,
}

/// All numbers are finite, and there is one.
pub(super) fn check_finite(values: &[f64]) -> Result<(), StatisticsError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(StatisticsError::NotFinite { index, value: values[index] }),
        None if values.is_empty() => Err(StatisticsError::Empty),
        None => Ok(()),
    }
}

/// Both coordinates of all points are finite and above 0; indices are those of the points.
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

/// The different values of x, in order; an error where there are fewer than `needed`.
pub(super) fn sizes(points: &[Point], needed: usize) -> Result<Vec<f64>, StatisticsError> {
    let mut sizes: Vec<f64> = points.iter().map(|point| point.x).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    match sizes.len() {
        found if found < needed => Err(StatisticsError::TooFewSizes { found, needed }),
        _ => Ok(sizes),
    }
}

/// What was computed, unless it is beyond 64-bit floats.
pub(super) fn finite(value: f64) -> Result<f64, StatisticsError> {
    if value.is_finite() { Ok(value) } else { Err(StatisticsError::OutOfRange) }
}
