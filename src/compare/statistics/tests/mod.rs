//! Against scipy and statsmodels, by simulation, and with bad input.

mod golden;
mod limits;
mod simulated;

use super::Point;

fn points(pairs: &[(f64, f64)]) -> Vec<Point> {
    pairs.iter().map(|&(x, y)| Point { x, y }).collect()
}

/// Equal within `tolerance` of the expected value, or of 1 where that is smaller.
#[track_caller]
fn assert_close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let allowed = tolerance * expected.abs().max(1.0);
    assert!((found - expected).abs() <= allowed, "{what}: {found}, expected {expected}");
}
