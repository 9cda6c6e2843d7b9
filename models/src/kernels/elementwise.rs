//! Activation functions in one pass over memory, forward and backward.

use burn::tensor::Tensor;

use super::dispatch::operations;

/// A function of single numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivationKind {
    /// `x Φ(x)` with the error function.
    Gelu,
    /// `x σ(2 sqrt(2/π) (x + 0.044715 x³))`, its approximation through `tanh`.
    GeluTanh,
    /// `x σ(x)`
    Silu,
}

/// `f(x)` of every element; `None` where that is for Burn's operations to do.
pub fn activation<const D: usize>(kind: ActivationKind, x: &Tensor<D>) -> Option<Tensor<D>> {
    let x = x.clone().into_dispatch();
    Some(Tensor::from_dispatch((operations([&x])?.activation)(kind, x)))
}

/// `f(gate) · up`; `None` where that is for Burn's operations to do.
pub fn gated_activation<const D: usize>(
    kind: ActivationKind,
    gate: &Tensor<D>,
    up: &Tensor<D>,
) -> Option<Tensor<D>> {
    let inputs = [gate, up].map(|x| x.clone().into_dispatch());
    Some(Tensor::from_dispatch((operations(&inputs)?.gated_activation)(kind, inputs)))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{FloatDType, activation};

    use super::*;
    use crate::kernels::testing::{agree, devices, random};

    /// A length that is no multiple of anything, with the tails of the functions in it.
    const LENGTH: usize = 20_011;

    fn composed(kind: ActivationKind, x: Tensor<1>) -> Tensor<1> {
        match kind {
            // Burn's own gradient of it is exact on this backend.
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
    fn functions_equal_their_compositions_and_so_do_their_gradients() {
        for device in devices() {
            for kind in [ActivationKind::Gelu, ActivationKind::GeluTanh, ActivationKind::Silu] {
                for length in [1, 70, LENGTH] {
                    let x = random([length], &device) * 12.0;
                    agree([x], &|[x]| activation(kind, &x).expect("floats"), &|[x]| {
                        composed(kind, x)
                    });
                }
            }
        }
    }

    #[test]
    fn gates_equal_their_compositions_and_so_do_their_gradients() {
        for device in devices() {
            for kind in [ActivationKind::Gelu, ActivationKind::GeluTanh, ActivationKind::Silu] {
                let inputs = [(); 2].map(|()| random([LENGTH], &device) * 3.0);
                agree(
                    inputs,
                    &|[gate, up]| gated_activation(kind, &gate, &up).expect("floats"),
                    &|[gate, up]| composed(kind, gate) * up,
                );
            }
        }
    }

    #[test]
    fn a_tensor_that_somebody_holds_is_not_overwritten() {
        for device in devices() {
            let x = random([3, 50], &device);
            let (kept, before) = (x.clone(), x.clone().into_data());
            let part = x.clone().slice_dim(1, 10..20);
            let found = activation(ActivationKind::Silu, &part).expect("floats");
            assert_eq!(kept.into_data(), before);
            let expected = activation::silu(x).slice_dim(1, 10..20);
            crate::kernels::testing::close(found, expected);
        }
    }

    #[test]
    fn what_is_no_number_stays_so() {
        for device in devices() {
            let x = Tensor::<1>::from_floats([f32::NAN, 1.0], &device);
            for kind in [ActivationKind::Gelu, ActivationKind::GeluTanh, ActivationKind::Silu] {
                let found = activation(kind, &x).expect("floats").into_data();
                assert!(found.as_slice::<f32>().expect("floats")[0].is_nan());
            }
        }
    }

    #[test]
    fn other_formats_are_left_to_burn() {
        for device in devices() {
            let x = random([8], &device).cast(FloatDType::BF16);
            assert!(activation(ActivationKind::Gelu, &x).is_none());
        }
    }
}
