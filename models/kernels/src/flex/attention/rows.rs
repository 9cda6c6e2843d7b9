//! Operations on the scores of one query.

use std::ops::Range;

use super::super::dropout;
use super::super::host::vectorized;
use super::super::math::{dot, exponentials, max, tanh};
use super::Attention;
use super::heads::Heads;

impl Attention {
    /// Turns a query's products with some keys into scores: scale, bias, soft cap and mask.
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
        let window = self.0.window.of(query, [heads.n_queries, heads.n_keys]);
        scores[..window.start.clamp(keys.start, keys.end) - keys.start].fill(f32::NEG_INFINITY);
        scores[window.end.clamp(keys.start, keys.end) - keys.start..].fill(f32::NEG_INFINITY);
        if let Some(row) = self.0.window.row(group / heads.n_kv_heads, heads.n_keys) {
            for (score, key) in scores.iter_mut().zip(keys.clone()) {
                if !row.get(key).copied().unwrap_or(true) {
                    *score = f32::NEG_INFINITY;
                }
            }
        }
    }

    /// The dropout mask of a query's weights, given its group, head and position.
    pub(super) fn dropped(
        &self,
        heads: &Heads,
        (group, head, query): (usize, usize, usize),
    ) -> Option<dropout::Row> {
        let index = (group * heads.shared + head) * heads.n_queries + query;
        self.0.dropout.map(|dropout| dropout::Row::new(dropout, index))
    }
}

/// Replaces scores with weights and returns the logsumexp of the scores.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) -> f32 {
    let largest = max(scores);
    if largest == f32::NEG_INFINITY {
        // Fully masked; the weights in the backward pass are zero, too.
        scores.fill(0.0);
        return 0.0;
    }
    let total = exponentials(scores, largest);
    let factor = 1.0 / total;
    scores.iter_mut().for_each(|x| *x *= factor);
    largest + total.ln()
}

/// Replaces scores with weights, and the gradients of the weights with those of the scores before
/// the soft cap.
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
            let capped = scores.to_vec();
            exponentials(scores, row_logsumexp);
            let mean = dot(scores, d_scores, 0.0);
            for ((d_score, weight), capped) in d_scores.iter_mut().zip(scores).zip(capped) {
                // Masked scores are infinite and have zero weight.
                let share = (capped / limit).clamp(-1.0, 1.0);
                *d_score = *weight * (*d_score - mean) * (1.0 - share * share);
            }
        }
    }
}
