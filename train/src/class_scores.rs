//! The scores of classes: the best ones, and a loss in which classes have weights.

use std::ops::Range;

use burn::tensor::{Tensor, TensorData, activation};
use zoo_models::generate::GenerateError;
use zoo_models::layers::embedding::token_ids;
use zoo_models::precision::to_vec_f32;

/// The best class of `candidates` in each row, counted from the first candidate.
///
/// # Errors
///
/// A score is NaN.
///
/// # Shapes
///
/// - `scores`: `[rows, classes]`
pub(crate) fn best_classes(
    scores: Tensor<2>,
    candidates: Range<usize>,
) -> Result<Vec<Option<u32>>, GenerateError> {
    let classes = scores.dims()[1];
    let scores = to_vec_f32(scores);
    if scores.iter().any(|score| score.is_nan()) {
        return Err(GenerateError::NotFinite);
    }
    let best = |row: &[f32]| {
        let labels = row[candidates.clone()].iter().enumerate();
        labels.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(label, _)| label as u32)
    };
    Ok(scores.chunks_exact(classes).map(best).collect())
}

/// The sum of the weighted cross-entropies of rows, in nats.
///
/// ```text
/// sum_i w_i * -log softmax(logits_i)[class_i]
/// ```
///
/// # Shapes
///
/// - `logits`: `[rows, classes]`
/// - `classes`, `weights`: `rows` values
/// - result: `[1]`
pub(crate) fn weighted_cross_entropy_sum(
    logits: Tensor<2>,
    classes: &[u32],
    weights: &[f32],
) -> Tensor<1> {
    let device = logits.device();
    let index = token_ids(classes, classes.len(), &device);
    let losses = activation::log_softmax(logits, 1).gather(1, index).neg().squeeze_dim::<1>(1);
    let weights = TensorData::new(weights.to_vec(), [weights.len()]);
    (losses * Tensor::from_data(weights, &device)).sum()
}
