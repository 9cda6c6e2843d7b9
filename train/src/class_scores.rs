//! The scores of classes: the best ones, and a loss in which classes have weights.

use std::ops::Range;

use burn::tensor::{DType, FloatDType, Tensor, TensorData, activation};
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

/// The sum of the weighted cross-entropies of rows, in nats. `smoothing` is the share ε of each class
/// that is spread over all K classes, as in PyTorch's `CrossEntropyLoss(weight, label_smoothing)`.
///
/// ```text
/// sum_i (1 - ε) w[class_i] * -log p_i[class_i] + ε / K * sum_k w[k] * -log p_i[k]
/// ```
///
/// # Shapes
///
/// - `logits`: `[rows, K]`
/// - `classes`: `rows` values
/// - `weights`: `K` values
/// - result: `[1]`
pub(crate) fn weighted_cross_entropy_sum(
    logits: Tensor<2>,
    classes: &[u32],
    weights: &[f32],
    smoothing: f64,
) -> Tensor<1> {
    let device = logits.device();
    let uploaded = |weights: Vec<f32>| {
        let weights = TensorData::new(weights.clone(), [weights.len()]);
        Tensor::<1>::from_data(weights, (&device, DType::F32))
    };
    let index = token_ids(classes, classes.len(), &device);
    let losses = activation::log_softmax(logits.cast(FloatDType::F32), 1).neg();
    let of_classes = losses.clone().gather(1, index).squeeze_dim::<1>(1);
    let of_rows = classes.iter().map(|class| weights[*class as usize]).collect();
    let sum = (of_classes * uploaded(of_rows)).sum();
    if smoothing == 0.0 {
        return sum;
    }
    let uniform = (losses * uploaded(weights.to_vec()).unsqueeze_dim::<2>(0)).mean_dim(1).sum();
    sum * (1.0 - smoothing) + uniform * smoothing
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// As `torch.nn.CrossEntropyLoss(weight, label_smoothing, reduction="sum")`.
    #[test]
    fn weights_are_those_of_every_smoothed_class() {
        let device = Device::flex();
        let rows = [[1.0_f32, -2.0, 0.5], [4.0, 0.0, 2.0]];
        let (classes, weights) = ([0, 2], [0.5_f32, 2.0, 3.0]);
        let loss = |smoothing: f64| {
            let logits = Tensor::<2>::from_floats(rows, &device);
            weighted_cross_entropy_sum(logits, &classes, &weights, smoothing).into_scalar::<f32>()
        };
        let expected = |smoothing: f64| -> f64 {
            let of_row = |(row, class): (&[f32; 3], &u32)| -> f64 {
                let all: f64 = row.iter().map(|logit| f64::from(*logit).exp()).sum();
                let loss =
                    |class: usize| f64::from(weights[class]) * (all.ln() - f64::from(row[class]));
                let uniform: f64 = (0..3).map(loss).sum::<f64>() / 3.0;
                (1.0 - smoothing) * loss(*class as usize) + smoothing * uniform
            };
            rows.iter().zip(&classes).map(of_row).sum()
        };
        for smoothing in [0.0, 0.1] {
            let difference = f64::from(loss(smoothing)) - expected(smoothing);
            assert!(difference.abs() < 1e-5, "{smoothing}: {difference}");
        }
    }
}
