//! Fully masked queries: all keys in their window are padding.
//!
//! Their scores are all equal, so their result is the mean of all values, as in PyTorch and
//! `transformers`. Most of them are padding themselves, but a loss over all positions includes
//! them.

use burn::backend::flex::FlexTensor;

use super::heads::Heads;
use crate::ops::attention::AttentionWindow;

/// Sets the results of fully masked queries to the mean of all values, the result of equal scores.
pub(super) fn fill(window: &AttentionWindow, heads: &Heads, group: usize, result: &mut [f32]) {
    let Heads { n_queries, n_keys, d_head, shared, .. } = *heads;
    let fully_masked_rows = fully_masked_rows(window, heads, group);
    if fully_masked_rows.is_empty() {
        return;
    }
    let value = heads.value(group);
    let mean = |feature| {
        let sum: f32 = (0..n_keys).map(|key| value.at(key, feature)).sum();
        sum / n_keys as f32
    };
    let mean: Vec<f32> = (0..d_head).map(mean).collect();
    for head in 0..shared {
        for query in &fully_masked_rows {
            result[(head * n_queries + query) * d_head..][..d_head].copy_from_slice(&mean);
        }
    }
}

/// Adds the gradients of the values that come from fully masked queries.
pub(super) fn add_gradients(
    window: &AttentionWindow,
    heads: &Heads,
    group: usize,
    gradient: &FlexTensor,
    of_value: &mut [f32],
) {
    let Heads { n_keys, d_head, shared, .. } = *heads;
    let mut sums = vec![0.0; d_head];
    for query in fully_masked_rows(window, heads, group) {
        for head in 0..shared {
            let given = heads.matrix(gradient, group * shared + head, heads.n_heads);
            for (feature, sum) in sums.iter_mut().enumerate() {
                *sum += given.at(query, feature) / n_keys as f32;
            }
        }
    }
    for row in of_value.chunks_exact_mut(d_head) {
        row.iter_mut().zip(&sums).for_each(|(value, sum)| *value += sum);
    }
}

/// The fully masked queries of a row of the batch.
fn fully_masked_rows(window: &AttentionWindow, heads: &Heads, group: usize) -> Vec<usize> {
    let sizes = [heads.n_queries, heads.n_keys];
    let row = window.row(group / heads.n_kv_heads, heads.n_keys);
    let is_there = |key: usize| row.and_then(|row| row.get(key)).copied().unwrap_or(true);
    let sees = |query| window.of(query, sizes).any(is_there);
    if row.is_none() && heads.n_queries <= heads.n_keys {
        return Vec::new();
    }
    (0..heads.n_queries).filter(|query| !sees(*query)).collect()
}
