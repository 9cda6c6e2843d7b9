//! Operations on the scores of one query.

use std::ops::Range;

use super::super::dropout;
use super::super::host::vectorized;
use super::super::math::{dot, exponentials, max, tanh};
use super::heads::Heads;
use crate::ops::attention::SdpaParams;

/// The scores of one query, by its position in its head and group.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScoreRow {
    pub(super) group: usize,
    /// The query head among those that share a key head.
    pub(super) head: usize,
    pub(super) query: usize,
}

/// Turns a query's products with some keys into scores: scale, bias, soft cap and mask.
pub(super) fn finish_scores(
    params: &SdpaParams,
    heads: &Heads,
    row: ScoreRow,
    scores: &mut [f32],
    keys: &Range<usize>,
) {
    let ScoreRow { group, head, query } = row;
    let scale = params.scale as f32;
    vectorized(|| scores.iter_mut().for_each(|x| *x *= scale));
    if let Some(bias) = heads.bias(group, head) {
        for (score, key) in scores.iter_mut().zip(keys.clone()) {
            *score += bias.at(query, key);
        }
    }
    if let Some(limit) = params.softcap.map(|limit| limit as f32) {
        vectorized(|| scores.iter_mut().for_each(|x| *x = limit * tanh(*x / limit)));
    }
    let window = params.window.of(query, [heads.n_queries, heads.n_keys]);
    scores[..window.start.clamp(keys.start, keys.end) - keys.start].fill(f32::NEG_INFINITY);
    scores[window.end.clamp(keys.start, keys.end) - keys.start..].fill(f32::NEG_INFINITY);
    if let Some(is_there) = params.window.row(group / heads.n_kv_heads, heads.n_keys) {
        for (score, key) in scores.iter_mut().zip(keys.clone()) {
            if !is_there.get(key).copied().unwrap_or(true) {
                *score = f32::NEG_INFINITY;
            }
        }
    }
}

/// The dropout mask of a query's weights.
pub(super) fn dropped(params: &SdpaParams, heads: &Heads, row: ScoreRow) -> Option<dropout::Row> {
    let ScoreRow { group, head, query } = row;
    let index = (group * heads.shared + head) * heads.n_queries + query;
    params.dropout.map(|dropout| dropout::Row::new(dropout, index))
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
