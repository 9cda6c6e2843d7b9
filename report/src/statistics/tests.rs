//! Tests against scipy and statsmodels, by simulation, and with invalid input.

mod golden;
mod limits;
mod simulated;

use super::Point;

fn points(pairs: &[(f64, f64)]) -> Vec<Point> {
    pairs.iter().map(|&(x, y)| Point { x, y }).collect()
}

/// Asserts equality within `tolerance`, relative to the expected value, or to 1 where that is
/// larger.
#[track_caller]
fn assert_close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let allowed = tolerance * expected.abs().max(1.0);
    assert!((found - expected).abs() <= allowed, "{what}: {found}, expected {expected}");
}
