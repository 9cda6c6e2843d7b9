//! The signed-rank test: pairs again, without the assumption of a normal distribution.
//!
//! The absolute differences are ranked; W is the smaller one of the sums of ranks of positive and of
//! negative differences. Its distribution is counted over all 2ⁿ assignments of signs, so that the p
//! value is exact, with equal ranks too. Differences of zero are left out.
//!
//! With few pairs it cannot reject: n pairs have no p below 2/2ⁿ, which is 0.25 for three and still
//! 0.0625 for five.
//!
//! Reference: Wilcoxon 1945, <https://doi.org/10.2307/3001968>

use super::StatisticsError;
use super::paired::{differences, size};

/// The most pairs whose signs are counted.
const MOST: usize = 200;

/// The exact test of Wilcoxon.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SignedRank {
    /// No pair differs, but for rounding.
    Equal,
    /// The test.
    Tested {
        /// Pairs that differ.
        pairs: usize,
        /// The smaller sum of ranks.
        w: f64,
        /// Probability of a W at most as large if positive and negative were equally likely.
        p: f64,
    },
}

/// Wilcoxon's test, two-sided: result i of `first` has the seed of result i of `second`.
///
/// # Errors
///
/// [`StatisticsError`] where there is no pair or more than 200, where the numbers of both differ, and
/// where one is not finite.
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

/// Twice the ranks of sorted values: equal ones share the mean of theirs, which may be a half.
fn doubled_ranks(sorted: &[f64], rounding: f64) -> Vec<usize> {
    let mut ranks = Vec::with_capacity(sorted.len());
    while ranks.len() < sorted.len() {
        let start = ranks.len();
        let first = sorted[start].abs();
        let equal = sorted[start..].iter().take_while(|d| d.abs() - first <= rounding).count();
        // Ranks start + 1 to start + equal, whose mean is half of the sum of both.
        ranks.extend(std::iter::repeat_n(2 * start + equal + 1, equal));
    }
    ranks
}

/// The share of all choices of ranks whose sum is at most `w`.
fn share_up_to(w: usize, ranks: &[usize]) -> f64 {
    // shares[sum]: of the choices among the ranks so far.
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
