//! Wilcoxon's signed-rank test: a paired test without the assumption of a normal distribution.
//!
//! The absolute differences are ranked. W is the smaller of the rank sums of positive and of
//! negative differences. Its distribution is computed over all 2ⁿ assignments of signs, so the
//! p-value is exact, even with ties. Zero differences are excluded.
//!
//! The test cannot reject with few pairs: the smallest p of n pairs is 2/2ⁿ, which is 0.25 for
//! three and 0.0625 for five.
//!
//! Reference: Wilcoxon 1945, <https://doi.org/10.2307/3001968>

use super::StatisticsError;
use super::paired::{differences, size};

/// The maximum number of pairs.
const MOST: usize = 200;

/// The result of Wilcoxon's exact signed-rank test.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SignedRank {
    /// All pairs are equal up to rounding.
    Equal,
    /// The test.
    Tested {
        /// The number of pairs that differ.
        pairs: usize,
        /// The smaller rank sum.
        w: f64,
        /// The p-value: the probability of a W at most as large if both signs were equally likely.
        p: f64,
    },
}

/// Wilcoxon's test, two-sided: result i of `first` has the seed of result i of `second`.
///
/// # Errors
///
/// [`StatisticsError`] if there are no pairs or more than 200, the lengths differ, or a value is
/// not finite.
pub fn signed_rank_test(first: &[f64], second: &[f64]) -> Result<SignedRank, StatisticsError> {
    let rounding = 4.0 * f64::EPSILON * size(first, second);
    let mut differences = differences(first, second)?;
    differences.retain(|difference| difference.abs() > rounding);
    let pairs = differences.len();
    if pairs > MOST {
        return Err(StatisticsError::TooManyPairs { found: pairs, most: MOST });
    }
    if pairs == 0 {
        return Ok(SignedRank::Equal);
    }
    differences.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let ranks = doubled_ranks(&differences, rounding);
    let signed = ranks.iter().zip(&differences);
    let positive: usize = signed.filter(|(_, d)| **d > 0.0).map(|(rank, _)| rank).sum();
    let total: usize = ranks.iter().sum();
    let w = positive.min(total - positive);
    let p = (2.0 * share_up_to(w, &ranks)).min(1.0);
    Ok(SignedRank::Tested { pairs, w: w as f64 / 2.0, p })
}

/// Twice the ranks of sorted values: ties share their mean rank, which may be a half-integer.
fn doubled_ranks(sorted: &[f64], rounding: f64) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(sorted.len());
    while ranks.len() < sorted.len() {
        let start = ranks.len();
        let first = sorted[start].abs();
        let equal = sorted[start..].iter().take_while(|d| d.abs() - first <= rounding).count();
        // Ties have the ranks start + 1 to start + equal; their mean is half of the sum of both
        // ends.
        ranks.extend(std::iter::repeat_n(2 * start + equal + 1, equal));
    }
    ranks
}

/// The share of all subsets of the ranks whose sum is at most `w`.
fn share_up_to(w: usize, ranks: &[usize]) -> f64 {
    // shares[sum]: the share of the subsets of the ranks so far with this sum.
    let mut shares = vec![0.0; w + 1];
    shares[0] = 1.0;
    for &rank in ranks {
        for sum in (0..=w).rev() {
            let with = if sum >= rank { shares[sum - rank] } else { 0.0 };
            shares[sum] = (shares[sum] + with) / 2.0;
        }
    }
    shares.iter().sum()
}
