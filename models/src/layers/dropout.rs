//! Dropout, applied in the same way by all layers.

use burn::nn::Dropout;
use burn::tensor::Tensor;
use zoo_kernels::dropout as kernels;

/// Sets random elements to zero in training and scales the others up, so that the expected sum is
/// unchanged.
///
/// # Shapes
///
/// - `x` and the result: any shape
pub fn dropout<const D: usize>(layer: &Dropout, x: Tensor<D>) -> Tensor<D> {
    match probability(layer, &x).and_then(|probability| kernels::dropout(&x, probability)) {
        Some(left) => left,
        None => layer.forward(x),
    }
}

/// The probability with which a layer drops elements of this tensor; `None` if it drops none.
pub(super) fn probability<const D: usize>(layer: &Dropout, x: &Tensor<D>) -> Option<f64> {
    let drops = layer.prob > 0.0 && layer.training.is_enabled() && x.device().is_autodiff();
    drops.then_some(layer.prob)
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::nn::DropoutConfig;
    use burn::tensor::Device;

    use super::*;

    fn mean(x: Tensor<2>) -> f32 {
        x.mean().into_scalar()
    }

    #[test]
    fn elements_are_dropped_only_in_training() {
        let layer = DropoutConfig::new(0.25).init();
        let device = Device::flex();
        let x = Tensor::<2>::ones([64, 1000], &device);
        assert_eq!(mean(dropout(&layer, x.clone())), 1.0, "without gradients");
        let x = Tensor::from_inner(x);
        let dropped = dropout(&layer, x.clone()).inner();
        let zeros = mean(dropped.clone().equal_scalar(0.0).float());
        assert!((zeros - 0.25).abs() < 0.01, "{zeros}");
        assert!((mean(dropped) - 1.0).abs() < 0.01, "the others are scaled up");
        let never = DropoutConfig::new(0.0).init();
        assert_eq!(mean(dropout(&never, x.clone()).inner()), 1.0, "at a probability of 0");
        let frozen = layer.freeze();
        assert_eq!(mean(dropout(&frozen, x).inner()), 1.0, "in a frozen layer");
    }
}
