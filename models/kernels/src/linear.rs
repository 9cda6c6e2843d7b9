//! Linear layers with many rows: products without copies, and gradients in the memory layout of the
//! weights.

use burn::backend::DispatchAutodiffContext;
use burn::tensor::{Device, FloatDType, Tensor};

use crate::dispatch::{kernels, kernels_beside};
use crate::gradient::{Any, apply};
pub use crate::ops::linear::LinearWeights;

/// Whether a device stores weight matrices in half precision (bf16) and upcasts them to f32 in
/// products.
pub fn stores_half_weights(device: &Device) -> bool {
    let number = Tensor::<2>::zeros([1, 1], device);
    // Not every backend supports bf16.
    let kernels = kernels_beside(&number.clone().into_dispatch());
    kernels.is_some() && is_weight_only_half(&number.cast(FloatDType::BF16))
}

/// Whether the tensor is stored in half precision but computed in f32; see
/// [`stores_half_weights`].
pub fn is_weight_only_half<const D: usize>(x: &Tensor<D>) -> bool {
    upcasts(&x.clone().into_dispatch())
}

/// Casts `x` for a product with `weight`: to the dtype of `weight`, or to f32 if `weight` is only
/// stored in half precision.
pub fn cast_for<const D: usize>(x: Tensor<D>, weight: &Tensor<2>) -> Tensor<D> {
    let wants_gradients = x.clone().into_dispatch().autodiff != DispatchAutodiffContext::Disabled;
    if is_weight_only_half(weight) && !wants_gradients {
        x.cast(FloatDType::F32)
    } else {
        x.cast(weight.dtype())
    }
}

fn upcasts(x: &Any) -> bool {
    kernels_beside(x).is_some_and(|kernels| (kernels.upcasts)(x))
}

/// `x W + b`; `None` if no kernel supports the inputs.
///
/// The weight may be a transposed view, and may be stored in half precision (see [`cast_for`]).
///
/// # Shapes
///
/// - `x`: `[.., d_input]`
/// - result: `[.., d_output]`
pub fn linear<const D: usize>(x: &Tensor<D>, layer: &LinearWeights) -> Option<Tensor<D>> {
    let LinearWeights { weight, bias } = layer.clone();
    let weight = weight.into_dispatch();
    let x = x.clone().into_dispatch();
    let weight_only = upcasts(&weight) && x.autodiff == DispatchAutodiffContext::Disabled;
    let bias = bias.map(|bias| if weight_only { bias.cast(FloatDType::F32) } else { bias });
    let bias = bias.map(Tensor::into_dispatch);
    let matrix = (!weight_only).then_some(&weight);
    let linear = kernels([&x].into_iter().chain(matrix).chain(&bias))?.linear;
    Some(Tensor::from_dispatch(match bias {
        Some(bias) => apply(linear, [x, weight, bias]),
        None => apply(linear, [x, weight]),
    }))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, module};

    use super::*;
    use crate::testing::{agree, close, devices, random, to_f32};

    fn layer(weight: Tensor<2>, bias: Option<Tensor<1>>) -> LinearWeights {
        LinearWeights { weight, bias }
    }

    #[test]
    fn result_and_gradients_equal_the_composition() {
        for device in devices() {
            for (rows, d_input, d_output) in [(1, 1, 1), (6, 5, 3), (40, 64, 100), (200, 130, 257)]
            {
                let shape = [2, rows / 2 + rows % 2, d_input];
                let rows = shape[0] * shape[1];
                let x = random([rows * d_input], &device);
                let weight = random([d_input * d_output], &device);
                let bias = random([d_output], &device);
                for transposed in [false, true] {
                    let of = |weight: Tensor<1>| match transposed {
                        false => weight.reshape([d_input, d_output]),
                        true => weight.reshape([d_output, d_input]).transpose(),
                    };
                    agree(
                        [x.clone(), weight.clone()],
                        &|[x, weight]| {
                            let found = linear(&x.reshape(shape), &layer(of(weight), None));
                            found.expect("a kernel").flatten(0, 2)
                        },
                        &|[x, weight]| {
                            module::linear(x.reshape(shape), of(weight), None).flatten(0, 2)
                        },
                    );
                    agree(
                        [x.clone(), weight.clone(), bias.clone()],
                        &|[x, weight, bias]| {
                            let found = linear(&x.reshape(shape), &layer(of(weight), Some(bias)));
                            found.expect("a kernel").flatten(0, 2)
                        },
                        &|[x, weight, bias]| {
                            module::linear(x.reshape(shape), of(weight), Some(bias)).flatten(0, 2)
                        },
                    );
                }
            }
        }
    }

    #[test]
    fn gradients_pass_through_a_frozen_weight() {
        for device in devices() {
            let weight = random([4, 6], &device);
            let of = |x: Tensor<1>| x.reshape([2, 4]);
            // The weight has no gradients, but is on an autodiff device.
            let on = |x: &Tensor<1>| Tensor::from_data(weight.clone().into_data(), &x.device());
            agree(
                [random([8], &device)],
                &|[x]| {
                    linear(&of(x.clone()), &layer(on(&x), None)).expect("a kernel").flatten(0, 1)
                },
                &|[x]| of(x.clone()).matmul(on(&x)).flatten(0, 1),
            );
        }
    }

    #[test]
    fn bf16_weight_is_upcast_to_f32() {
        let device = Device::flex();
        let half = |x: Tensor<2>| x.cast(FloatDType::BF16);
        // The last size exceeds the number of elements that are upcast at a time.
        for (d_input, d_output) in [(1, 1), (5, 3), (64, 130), (1100, 1000)] {
            let x = random([2, 20, d_input], &device);
            let wider = random([d_input, d_output + 3], &device);
            let bias = random([d_output], &device);
            let matrices = [
                half(random([d_input, d_output], &device)),
                half(random([d_output, d_input], &device)).transpose(),
                half(wider.clone()).slice_dim(1, 1..d_output + 1),
                half(wider.transpose()).slice_dim(0, 2..d_output + 2).transpose(),
            ];
            for weight in matrices {
                for bias in [None, Some(bias.clone()), Some(bias.clone().cast(FloatDType::BF16))] {
                    assert_eq!(cast_for(x.clone(), &weight).dtype(), DType::F32);
                    let found = linear(&x, &layer(weight.clone(), bias.clone())).expect("a kernel");
                    let (weight, bias) = (to_f32(weight.clone()), bias.map(to_f32));
                    close(found, module::linear(x.clone(), weight, bias));
                }
            }
        }
    }

    #[test]
    fn bf16_with_gradients_is_computed_in_bf16() {
        let device = Device::flex();
        assert!(stores_half_weights(&device) && !stores_half_weights(&device.clone().autodiff()));
        let weight = random([4, 6], &device).cast(FloatDType::BF16);
        let x = random([2, 4], &device.clone().autodiff());
        assert!(
            is_weight_only_half(&weight) && cast_for(x.clone(), &weight).dtype() == DType::BF16
        );
        assert!(linear(&x, &layer(weight.clone(), None)).is_none());
        let half = weight.clone().cast(FloatDType::F16);
        assert!(
            !is_weight_only_half(&half)
                && linear(&random([2, 4], &device), &layer(half, None)).is_none()
        );
    }
}
