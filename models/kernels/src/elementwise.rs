//! Activation functions in one pass over memory, forward and backward.

use burn::tensor::Tensor;

use crate::dispatch::kernels;
pub use crate::ops::elementwise::ActivationKind;

/// `f(x)` of every element; `None` if no kernel supports the inputs.
pub fn activation<const D: usize>(kind: ActivationKind, x: &Tensor<D>) -> Option<Tensor<D>> {
    let x = x.clone().into_dispatch();
    Some(Tensor::from_dispatch((kernels([&x])?.activation)(kind, x)))
}

/// `f(gate) · up`; `None` if no kernel supports the inputs.
pub fn gated_activation<const D: usize>(
    kind: ActivationKind,
    gate: &Tensor<D>,
    up: &Tensor<D>,
) -> Option<Tensor<D>> {
    let [gate, up] = [gate, up].map(|x| x.clone().into_dispatch());
    let kernels = kernels([&gate, &up])?;
    Some(Tensor::from_dispatch((kernels.gated_activation)(kind, gate, up)))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{FloatDType, activation};

    use super::*;
    use crate::testing::{agree, devices, random};

    /// A length that is not a multiple of any vector width, so that remainder loops are covered.
    const LENGTH: usize = 20_011;

    fn composed(kind: ActivationKind, x: Tensor<1>) -> Tensor<1> {
        match kind {
            // Burn's own GELU gradient is exact on this backend.
            ActivationKind::Gelu => activation::gelu(x),
            ActivationKind::GeluTanh => {
                let inner =
                    (x.clone() + x.clone().powi_scalar(3) * 0.044_715) * 0.797_884_560_802_865_4;
                x * 0.5 * (inner.tanh() + 1.0)
            }
            ActivationKind::Silu => activation::silu(x),
        }
    }

    #[test]
    fn activations_and_gradients_equal_their_compositions() {
        for device in devices() {
            for kind in [ActivationKind::Gelu, ActivationKind::GeluTanh, ActivationKind::Silu] {
                for length in [1, 70, LENGTH] {
                    let x = random([length], &device) * 12.0;
                    agree([x], &|[x]| activation(kind, &x).expect("a kernel"), &|[x]| {
                        composed(kind, x)
                    });
                }
            }
        }
    }

    #[test]
    fn gated_activations_and_gradients_equal_their_compositions() {
        for device in devices() {
            for kind in [ActivationKind::Gelu, ActivationKind::GeluTanh, ActivationKind::Silu] {
                let inputs = [(); 2].map(|()| random([LENGTH], &device) * 3.0);
                agree(
                    inputs,
                    &|[gate, up]| gated_activation(kind, &gate, &up).expect("a kernel"),
                    &|[gate, up]| composed(kind, gate) * up,
                );
            }
        }
    }

    #[test]
    fn shared_tensor_is_not_overwritten() {
        for device in devices() {
            let x = random([3, 50], &device);
            let (kept, before) = (x.clone(), x.clone().into_data());
            let part = x.clone().slice_dim(1, 10..20);
            let found = activation(ActivationKind::Silu, &part).expect("a kernel");
            assert_eq!(kept.into_data(), before);
            let expected = activation::silu(x).slice_dim(1, 10..20);
            crate::testing::close(found, expected);
        }
    }

    #[test]
    fn nan_is_propagated() {
        for device in devices() {
            let x = Tensor::<1>::from_floats([f32::NAN, 1.0], &device);
            for kind in [ActivationKind::Gelu, ActivationKind::GeluTanh, ActivationKind::Silu] {
                let found = activation(kind, &x).expect("a kernel").into_data();
                assert!(found.as_slice::<f32>().expect("f32 data")[0].is_nan());
            }
        }
    }

    #[test]
    fn other_dtypes_have_no_kernel() {
        for device in devices() {
            let x = random([8], &device).cast(FloatDType::BF16);
            assert!(activation(ActivationKind::Gelu, &x).is_none());
        }
    }
}
