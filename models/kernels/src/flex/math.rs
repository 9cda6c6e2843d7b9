//! Elementwise functions that the compiler can vectorize: no branches, no calls.

#![expect(clippy::excessive_precision, reason = "coefficients as published")]

/// The number of independent accumulators in sums, so that additions are vectorized.
const LANES: usize = 32;

/// `e^x`, with an error of at most two units in the last place; 0 if the result would be subnormal.
///
/// ```text
/// e^x = 2^n e^r,   n = round(x / ln 2),   r = x - n ln 2
/// ```
///
/// `e^r` is computed from its Taylor series up to the seventh power.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Adding this rounds to an integer, which is then in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_375;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let limited = x.clamp(-87.336, 88.72);
    let rounded = limited * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (limited - n * LN_2_HIGH) - n * LN_2_LOW;
    let mut series = 1.0 / 5040.0;
    series = series * r + 1.0 / 720.0;
    series = series * r + 1.0 / 120.0;
    series = series * r + 1.0 / 24.0;
    series = series * r + 1.0 / 6.0;
    series = series * r + 0.5;
    let series = (series * r) * r + r + 1.0;
    // The power of two is applied in two halves: the largest one would overflow to infinity.
    let n = (rounded.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let power = |n: i32| f32::from_bits((n.wrapping_add(127) as u32) << 23);
    let half = n >> 1;
    let rest = n.wrapping_sub(half);
    let result = series * power(half) * power(rest);
    if x < -87.336 { 0.0 } else { result }
}

/// `1 / (1 + e^-x)`
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// `tanh(x)`, with a relative error of at most 6e-7.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    // Beyond this range the result rounds to ±1, and the exponential would overflow.
    let x = x.clamp(-9.1, 9.1);
    let power = exp(2.0 * x);
    // Near 0 the difference would lose precision.
    let square = x * x;
    let near = x * (1.0 - square * (1.0 / 3.0 - square * (2.0 / 15.0 - square * (17.0 / 315.0))));
    if x.abs() < 0.2 { near } else { (power - 1.0) / (power + 1.0) }
}

/// The error function, with an error of at most 4e-7: a rational function of `x²`.
///
/// Reference: the coefficients of Eigen's `erf`, <https://gitlab.com/libeigen/eigen>
#[inline(always)]
pub(super) fn erf(x: f32) -> f32 {
    const ABOVE: [f32; 7] = [
        -2.726_142_259_5e-10,
        2.770_681_424_95e-8,
        -2.101_024_020_83e-6,
        -5.692_506_394_62e-5,
        -7.349_906_303_27e-4,
        -2.954_599_808_54e-3,
        -1.609_603_332_62e-2,
    ];
    const BELOW: [f32; 5] = [
        -1.456_607_184_65e-5,
        -2.133_740_552_79e-4,
        -1.682_826_974_38e-3,
        -7.373_329_167_2e-3,
        -1.426_473_905_14e-2,
    ];
    let x = x.clamp(-4.0, 4.0);
    let square = x * x;
    let mut above = ABOVE[0];
    for coefficient in &ABOVE[1..] {
        above = above * square + coefficient;
    }
    let mut below = BELOW[0];
    for coefficient in &BELOW[1..] {
        below = below * square + coefficient;
    }
    x * above / below
}

/// The sum of all elements.
#[inline(always)]
pub(super) fn sum(x: &[f32]) -> f32 {
    let (lanes, rest) = fold(x, 0.0, |sum, x| sum + x);
    lanes.iter().sum::<f32>() + rest
}

/// The largest element.
#[inline(always)]
pub(super) fn max(x: &[f32]) -> f32 {
    let larger = |max, x| if x > max { x } else { max };
    let (lanes, rest) = fold(x, f32::NEG_INFINITY, larger);
    lanes.into_iter().fold(rest, larger)
}

/// The sum of the squared deviations from `middle`.
#[inline(always)]
pub(super) fn squares(x: &[f32], middle: f32) -> f32 {
    let (lanes, rest) = fold(x, 0.0, |sum, x| sum + (x - middle) * (x - middle));
    lanes.iter().sum::<f32>() + rest
}

/// The sum of `x (y - middle)` over pairs of elements.
#[inline(always)]
pub(super) fn dot(x: &[f32], y: &[f32], middle: f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest = xs.remainder().iter().zip(ys.remainder()).map(|(x, y)| x * (y - middle));
    let rest = rest.sum::<f32>();
    for (x, y) in xs.zip(ys) {
        for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += x * (y - middle);
        }
    }
    lanes.iter().sum::<f32>() + rest
}

/// Replaces each element with `e^(x - shift)` and returns their sum.
#[inline(always)]
pub(super) fn exponentials(x: &mut [f32], shift: f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let mut chunks = x.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *x = exp(*x - shift);
            *lane += *x;
        }
    }
    let mut rest = 0.0;
    for x in chunks.into_remainder() {
        *x = exp(*x - shift);
        rest += *x;
    }
    lanes.iter().sum::<f32>() + rest
}

/// The sum of `e^(x - shift)` over all elements.
#[inline(always)]
pub(super) fn sum_of_exponentials(x: &[f32], shift: f32) -> f32 {
    let (lanes, rest) = fold(x, 0.0, |sum, x| sum + exp(x - shift));
    lanes.iter().sum::<f32>() + rest
}

/// Folds the elements with `LANES` accumulators, and the remainder with one.
#[inline(always)]
fn fold(x: &[f32], start: f32, combine: impl Fn(f32, f32) -> f32) -> ([f32; LANES], f32) {
    let mut lanes = [start; LANES];
    let chunks = x.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(start, |result, x| combine(result, *x));
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = combine(*lane, *x);
        }
    }
    (lanes, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_accurate() {
        for step in -873_000..887_000_i32 {
            let x = step as f32 * 1e-4;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 2.4e-7, "exp({x}) is off by {error}");
        }
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(-100.0), 0.0);
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(88.72).is_finite());
    }

    #[test]
    fn error_function_has_known_values() {
        // Abramowitz and Stegun 1964, table 7.1.
        for (x, expected) in [
            (0.0, 0.0),
            (0.1, 0.112_462_916),
            (0.5, 0.520_499_878),
            (1.0, 0.842_700_793),
            (1.5, 0.966_105_146),
            (2.0, 0.995_322_265),
            (3.0, 0.999_977_910),
            (5.0, 1.0),
        ] {
            assert!((erf(x) - expected).abs() < 4e-7, "erf({x}) = {}", erf(x));
            assert!((erf(-x) + expected).abs() < 4e-7, "erf(-{x}) = {}", erf(-x));
        }
        assert!(erf(f32::NAN).is_nan());
    }

    #[test]
    fn tanh_is_accurate() {
        for step in -120_000..120_000_i32 {
            let x = step as f32 * 1e-4;
            let expected = f64::from(x).tanh();
            let error = (f64::from(tanh(x)) - expected).abs();
            assert!(error <= 6e-7 * expected.abs(), "tanh({x}) is off by {error}");
        }
        assert!(tanh(f32::NAN).is_nan());
    }

    #[test]
    fn sums_and_maxima_cover_all_elements() {
        for n in [0_usize, 1, 31, 32, 33, 100] {
            let x: Vec<f32> = (0..n).map(|i| (i * 7 % 11) as f32 - 5.0).collect();
            let y: Vec<f32> = (0..n).map(|i| (i * 5 % 13) as f32 - 6.0).collect();
            assert_eq!(sum(&x), x.iter().sum::<f32>());
            assert_eq!(max(&x), x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            assert_eq!(dot(&x, &y, 3.0), x.iter().zip(&y).map(|(x, y)| x * (y - 3.0)).sum::<f32>());
            assert_eq!(squares(&x, 2.0), x.iter().map(|x| (x - 2.0) * (x - 2.0)).sum::<f32>());
            let mut found = x.clone();
            let total = exponentials(&mut found, 1.0);
            let expected: f32 = x.iter().map(|x| (x - 1.0).exp()).sum();
            assert!((total - expected).abs() <= 1e-5 * expected, "{total}, expected {expected}");
            assert!((sum_of_exponentials(&x, 1.0) - total).abs() <= 1e-6 * total);
        }
    }
}
