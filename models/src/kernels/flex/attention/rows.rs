//! What is done to the scores of one query.

use std::ops::Range;

use super::super::dropout;
use super::super::host::vectorized;
use super::super::math::{dot, exponentials, max, tanh};
use super::Attention;
use super::heads::Heads;

impl Attention {
    /// Scales a query's products with some keys, adds its bias, squeezes them, and hides what it does not see.
    pub(super) fn finish_scores(
        &self,
        heads: &Heads,
        scores: &mut [f32],
        (group, head, query): (usize, usize, usize),
        keys: &Range<usize>,
    ) {
        let scale = self.0.scale as f32;
        vectorized(|| scores.iter_mut().for_each(|x| *x *= scale));
        if let Some(bias) = heads.bias(group, head) {
            for (score, key) in scores.iter_mut().zip(keys.clone()) {
                *score += bias.at(query, key);
            }
        }
        if let Some(limit) = self.softcap() {
            vectorized(|| scores.iter_mut().for_each(|x| *x = limit * tanh(*x / limit)));
        }
        let seen = self.0.window.of(query, [heads.n_queries, heads.n_keys]);
        scores[..seen.start.clamp(keys.start, keys.end) - keys.start].fill(f32::NEG_INFINITY);
        scores[seen.end.clamp(keys.start, keys.end) - keys.start..].fill(f32::NEG_INFINITY);
        if let Some(row) = self.0.window.row(group / heads.n_kv_heads, heads.n_keys) {
            for (score, key) in scores.iter_mut().zip(keys.clone()) {
                if !row.get(key).copied().unwrap_or(true) {
                    *score = f32::NEG_INFINITY;
                }
            }
        }
    }

    /// What decides which weights of a query are dropped, given its group, head and place.
    pub(super) fn dropped(
        &self,
        heads: &Heads,
        (group, head, query): (usize, usize, usize),
    ) -> Option<dropout::Row> {
        let index = (group * heads.shared + head) * heads.n_queries + query;
        self.0.dropout.map(|dropout| dropout::Row::new(dropout, index))
    }
}

/// Replaces scores by weights; the logarithm of the sum of their exponentials.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) -> f32 {
    let largest = max(scores);
    if largest == f32::NEG_INFINITY {
        // Nothing is seen, and the backward pass finds no weights either.
        scores.fill(0.0);
        return 0.0;
    }
    let total = exponentials(scores, largest);
    let factor = 1.0 / total;
    scores.iter_mut().for_each(|x| *x *= factor);
    largest + total.ln()
}

/// Replaces scores by weights, and the gradients of weights by those of products.
#[inline(always)]
pub(super) fn d_scores_of_row(
    scores: &mut [f32],
    d_scores: &mut [f32],
    row_logsumexp: f32,
    softcap: Option<f32>,
) {
    match softcap {
        None => {
            exponentials(scores, row_logsumexp);
            let mean = dot(scores, d_scores, 0.0);
            for (d_score, weight) in d_scores.iter_mut().zip(scores) {
                *d_score = *weight * (*d_score - mean);
            }
        }
        Some(limit) => {
            let squeezed = scores.to_vec();
            exponentials(scores, row_logsumexp);
            let mean = dot(scores, d_scores, 0.0);
            for ((d_score, weight), squeezed) in d_scores.iter_mut().zip(scores).zip(squeezed) {
                // What is masked is infinite there and has no weight.
                let share = (squeezed / limit).clamp(-1.0, 1.0);
                *d_score = *weight * (*d_score - mean) * (1.0 - share * share);
            }
        }
    }
}
