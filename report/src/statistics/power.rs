//! The number of pairs that a paired t-test needs.
//!
//! ```text
//! power(n) = P(|T| > t(1 − level / 2; n − 1))      T ~ noncentral t, n − 1 degrees, δ = √n · d / s
//! ```
//!
//! with the observed mean difference d and standard deviation s. Both are estimates: with three
//! pairs, the true number may be several times larger or smaller.
//!
//! Reference: Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, §2.3

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::{erf::erfc, gamma::ln_gamma};

use super::StatisticsError;

/// The wanted power: the probability of a significant test if the difference is as observed.
pub const POWER: f64 = 0.8;

/// The largest number of pairs that is looked for.
const MOST: usize = 10_000;

/// Points of the numerical integral.
const POINTS: u32 = 800;

/// The smallest number of pairs with a power of [`POWER`] for a standardized mean difference
/// (mean / standard deviation) at a two-sided significance level; `None` where 10,000 pairs are too
/// few.
///
/// # Errors
///
/// [`StatisticsError::NotProbability`] if the level is not between 0 and 1.
pub fn pairs_needed(standardized: f64, level: f64) -> Result<Option<usize>, StatisticsError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(StatisticsError::NotProbability { index: 0, value: level });
    }
    let suffices = |n: usize| Ok(power(standardized, n, level)? >= POWER);
    if !standardized.is_finite() || standardized == 0.0 || !suffices(MOST)? {
        return Ok(None);
    }
    // The power grows with the number of pairs.
    let (mut too_few, mut enough) = (1, MOST);
    while enough - too_few > 1 {
        let middle = (too_few + enough) / 2;
        if suffices(middle)? { enough = middle } else { too_few = middle }
    }
    Ok(Some(enough))
}

/// The power of a test of `n` pairs.
fn power(standardized: f64, n: usize, level: f64) -> Result<f64, StatisticsError> {
    let degrees = (n - 1) as f64;
    let t = StudentsT::new(0.0, 1.0, degrees).map_err(|_| StatisticsError::OutOfRange)?;
    let (critical, shift) =
        (t.inverse_cdf(1.0 - level / 2.0), standardized.abs() * (n as f64).sqrt());
    let normal = |x: f64| 0.5 * erfc(-x / std::f64::consts::SQRT_2);
    // T = (Z + shift) / u, where u² is chi-squared over its degrees of freedom; the integral over u
    // by Simpson's rule.
    let half = degrees / 2.0;
    let constant = 2f64.ln() + half * half.ln() - ln_gamma(half);
    let density = |u: f64| match u > 0.0 {
        true => (constant + (degrees - 1.0) * u.ln() - half * u * u).exp(),
        // Half of a normal distribution with one degree of freedom.
        false if n == 2 => constant.exp(),
        false => 0.0,
    };
    let rejects = |u: f64| normal(shift - critical * u) + normal(-shift - critical * u);
    let spread = 10.0 / (2.0 * degrees).sqrt();
    let (low, high) = ((1.0 - spread).max(0.0), 1.0 + spread);
    let step = (high - low) / f64::from(POINTS);
    let weight = |index: u32| match index {
        0 | POINTS => 1.0,
        index if index % 2 == 1 => 4.0,
        _ => 2.0,
    };
    let terms = (0..=POINTS).map(|index| {
        let u = low + step * f64::from(index);
        weight(index) * density(u) * rejects(u)
    });
    Ok(terms.sum::<f64>() * step / 3.0)
}
