//! The cross-entropy loss of every head over tokens or labels.

use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use zoo_kernels::cross_entropy::{self, Classes};

/// The index of ignored targets, as in PyTorch.
pub const IGNORE: i64 = -100;

/// The targets of a loss.
#[derive(Debug, Clone)]
pub struct Targets {
    /// `None` for ignored targets.
    classes: Classes,
}

impl Targets {
    /// Creates targets from the host; [`IGNORE`] marks ignored ones.
    pub fn new(targets: &[i64]) -> Self {
        Self { classes: targets.iter().map(|&target| usize::try_from(target).ok()).collect() }
    }

    /// The number of targets that are not ignored.
    pub fn count(&self) -> usize {
        self.classes.iter().flatten().count()
    }

    /// The targets, with 0 for ignored ones, and the weights: 1 for a target, 0 for an ignored one;
    /// no weights when none is ignored.
    fn upload(&self, device: &Device) -> (Tensor<2, Int>, Option<Tensor<1>>) {
        let n = self.classes.len();
        let classes: Vec<i64> =
            self.classes.iter().map(|class| class.unwrap_or_default() as i64).collect();
        let counted = (self.count() < n).then(|| {
            let weights = self.classes.iter().map(|class| f32::from(class.is_some())).collect();
            Tensor::from_data(TensorData::new::<f32, _>(weights, [n]), device)
        });
        (Tensor::from_data(TensorData::new(classes, [n, 1]), device), counted)
    }
}

/// The sum of `-log softmax(logits)[target]` over all targets that are not ignored, in nats.
///
/// A sum and not a mean: gradient accumulation and averages over a split divide by the number of
/// all targets, so that every token has the same weight. It is 0 if all targets are ignored.
///
/// # Shapes
///
/// - `logits`: `[n, classes]`
/// - `targets`: `n` targets
/// - result: `[1]`
pub fn cross_entropy_sum(logits: Tensor<2>, targets: &Targets) -> Tensor<1> {
    if let Some(sum) = cross_entropy::cross_entropy_sum(&logits, &targets.classes) {
        return sum;
    }
    let (classes, counted) = targets.upload(&logits.device());
    let losses = activation::log_softmax(logits, 1).gather(1, classes).neg().squeeze_dim::<1>(1);
    match counted {
        Some(counted) => (losses * counted).sum(),
        None => losses.sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_targets_add_nothing() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_floats([[2.0, 0.0], [5.0, -3.0]], &device);
        let targets = Targets::new(&[1, IGNORE]);
        let loss: f32 = cross_entropy_sum(logits, &targets).into_scalar();
        assert_eq!(targets.count(), 1);
        assert!((loss - (1.0 + 2f32.exp()).ln() - 0.0).abs() < 1e-6, "{loss}");
    }

    #[test]
    fn a_batch_of_padding_has_zero_loss() {
        let device = Device::flex();
        let targets = Targets::new(&[IGNORE, IGNORE]);
        let loss: f32 =
            cross_entropy_sum(Tensor::<2>::ones([2, 3], &device), &targets).into_scalar();
        assert_eq!((loss, targets.count()), (0.0, 0));
    }
}
