//! Cross-entropy with label smoothing.

use burn::tensor::{FloatDType, Tensor, TensorData, activation};
use zoo_models::heads::cross_entropy::{Targets, cross_entropy_sum};

/// The sum of the cross-entropies of all targets that are not ignored, in nats. `smoothing` is the
/// share of each target that is spread over all classes, as in PyTorch's
/// `CrossEntropyLoss(label_smoothing)`.
///
/// ```text
/// (1 - ε) (-log p[target]) + ε mean(-log p)
/// ```
///
/// # Shapes
///
/// - `logits`: `[n, classes]`
/// - `targets`: `n` classes, [`IGNORE`](zoo_models::heads::cross_entropy::IGNORE) for ignored ones
/// - result: `[1]`
///
/// Reference: Szegedy et al. 2016, §7, <https://arxiv.org/abs/1512.00567>
pub(crate) fn smoothed_cross_entropy_sum(
    logits: Tensor<2>,
    targets: &[i64],
    smoothing: f64,
) -> Tensor<1> {
    if smoothing == 0.0 {
        return cross_entropy_sum(logits, &Targets::new(targets));
    }
    let weights: Vec<f32> =
        targets.iter().map(|&class| if class < 0 { 0.0 } else { smoothing as f32 }).collect();
    let weights = TensorData::new(weights, [targets.len()]);
    let weights: Tensor<1> =
        Tensor::from_data(weights, (&logits.device(), burn::tensor::DType::F32));
    let log_probabilities = activation::log_softmax(logits.clone().cast(FloatDType::F32), 1);
    let uniform = log_probabilities.mean_dim(1).neg().squeeze_dim::<1>(1);
    let of_targets = cross_entropy_sum(logits, &Targets::new(targets));
    of_targets * (1.0 - smoothing) + (uniform * weights).sum()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use zoo_models::heads::cross_entropy::IGNORE;

    use super::*;

    /// `torch.nn.CrossEntropyLoss(label_smoothing=0.1, reduction="sum")` in PyTorch 2.9.
    #[test]
    fn the_loss_is_that_of_pytorch() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_floats(
            [[1.0, -2.0, 0.5], [0.25, 3.0, -1.5], [4.0, 0.0, 2.0]],
            &device,
        );
        let targets = [0, IGNORE, 2];
        let loss = |smoothing| {
            let loss = smoothed_cross_entropy_sum(logits.clone(), &targets, smoothing);
            loss.into_scalar::<f32>()
        };
        assert!((loss(0.1) - 2.764_195).abs() < 1e-6, "{}", loss(0.1));
        assert!((loss(0.0) - 2.647_528_5).abs() < 1e-6, "{}", loss(0.0));
    }
}
