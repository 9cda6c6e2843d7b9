//! Growth of a cost with the length.

use crate::statistics::{Point, cost_growth};
use crate::study::{Growth, Interval};

/// The power law through points of a length and its cost, or why it could not be fitted.
pub fn growth(points: &[Point]) -> Growth {
    match cost_growth(points) {
        Ok(growth) => Growth::Power {
            exponent: growth.exponent,
            interval: growth.interval.map(|of| Interval { low: of.low, high: of.high }),
        },
        Err(error) => Growth::NotFitted { because: error.to_string() },
    }
}
