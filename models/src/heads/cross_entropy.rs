//! The loss of every head that names tokens or classes.

use burn::tensor::{Device, Int, Tensor, TensorData, activation};

/// A target that is not counted, as in PyTorch.
pub const IGNORE: i64 = -100;

/// Targets on a device, those to ignore marked.
#[derive(Debug, Clone)]
pub struct Targets {
    classes: Tensor<2, Int>,
    /// 1 where the target counts; `None` when all do.
    counted: Option<Tensor<1>>,
    count: usize,
}

impl Targets {
    /// Targets from the host; [`IGNORE`] where there is none.
    pub fn new(targets: &[i64], device: &Device) -> Self {
        let n = targets.len();
        let count = targets.iter().filter(|&&target| target != IGNORE).count();
        let classes: Vec<i64> = targets.iter().map(|&target| target.max(0)).collect();
        let counted = (count < n).then(|| {
            let weights = targets.iter().map(|&target| f32::from(target != IGNORE)).collect();
            Tensor::from_data(TensorData::new::<f32, _>(weights, [n]), device)
        });
        Self {
            classes: Tensor::from_data(TensorData::new(classes, [n, 1]), device),
            counted,
            count,
        }
    }

    /// How many targets count.
    pub fn count(&self) -> usize {
        self.count
    }
}

/// The sum over all targets that count of `-log softmax(logits)[target]`, in nats.
///
/// A sum and not a mean: who accumulates gradients or averages over a split divides by the number
/// of all targets, so that every token weighs the same. With no target that counts it is 0.
///
/// # Shapes
///
/// - `logits`: `[n, classes]`
/// - `targets`: `n` of them
/// - result: `[1]`
pub fn cross_entropy_sum(logits: Tensor<2>, targets: &Targets) -> Tensor<1> {
    let log_probabilities = activation::log_softmax(logits, 1).gather(1, targets.classes.clone());
    let losses = log_probabilities.neg().squeeze_dim::<1>(1);
    match &targets.counted {
        Some(counted) => (losses * counted.clone()).sum(),
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
        let targets = Targets::new(&[1, IGNORE], &device);
        let loss: f32 = cross_entropy_sum(logits, &targets).into_scalar();
        assert_eq!(targets.count(), 1);
        assert!((loss - (1.0 + 2f32.exp()).ln() - 0.0).abs() < 1e-6, "{loss}");
    }

    #[test]
    fn a_batch_of_padding_costs_nothing() {
        let device = Device::flex();
        let targets = Targets::new(&[IGNORE, IGNORE], &device);
        let loss: f32 =
            cross_entropy_sum(Tensor::<2>::ones([2, 3], &device), &targets).into_scalar();
        assert_eq!((loss, targets.count()), (0.0, 0));
    }
}
