//! One-dimensional searches.

/// Golden ratio minus 1.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// The minimum of a unimodal function in `low..=high`, by golden-section search.
pub(super) fn minimum(low: f64, high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (low, high);
    let (mut left, mut right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut at_left, mut at_right) = (f(left), f(right));
    while high - low > 1e-13 * low.abs().max(high.abs()) && left < right {
        if at_left <= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - GOLDEN * (high - low);
            at_left = f(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + GOLDEN * (high - low);
            at_right = f(right);
        }
    }
    if at_left <= at_right { left } else { right }
}

/// The boundary of `is_inside` between `inside` and `outside`, by bisection.
pub(super) fn edge(inside: f64, outside: f64, is_inside: impl Fn(f64) -> bool) -> f64 {
    let (mut inside, mut outside) = (inside, outside);
    // More halvings than an `f64` has bits: the search ends at adjacent values.
    for _ in 0..100 {
        let middle = f64::midpoint(inside, outside);
        if is_inside(middle) {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside
}
