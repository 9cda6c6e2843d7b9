//! The sum of all squares in one pass over memory.

use burn::backend::DispatchAutodiffContext;
use burn::tensor::Tensor;

use crate::dispatch::kernels;

/// `Σ x²` over all elements of a tensor without gradients.
///
/// # Shapes
///
/// - result: `[1]`
pub fn sum_of_squares<const D: usize>(x: &Tensor<D>) -> Tensor<1> {
    let own = x.clone().into_dispatch();
    let is_plain = own.autodiff == DispatchAutodiffContext::Disabled;
    match kernels([&own]).filter(|_| is_plain) {
        Some(kernels) => Tensor::from_dispatch((kernels.sum_of_squares)(own)),
        None => (x.clone() * x.clone()).sum(),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::FloatDType;

    use super::*;
    use crate::testing::{close, devices, random};

    #[test]
    fn result_equals_the_composition() {
        for device in devices() {
            for length in [1, 31, 100_003] {
                let x = random([length], &device);
                close(sum_of_squares(&x), (x.clone() * x).sum());
            }
            let part = random([30, 40], &device).slice_dim(1, 3..17);
            close(sum_of_squares(&part), (part.clone() * part).sum());
        }
    }

    #[test]
    fn nan_is_propagated_and_other_dtypes_use_burn() {
        for device in devices() {
            let x = Tensor::<1>::from_floats([1.0, f32::NAN], &device);
            assert!(sum_of_squares(&x).into_scalar::<f32>().is_nan());
            let half = Tensor::<1>::from_floats([1.0, 2.0], &device).cast(FloatDType::BF16);
            assert_eq!(sum_of_squares(&half).into_scalar::<f32>(), 5.0);
        }
    }
}
