//! Linear layers with many rows: products without copies, and gradients that lie as the weights do.

use burn::tensor::Tensor;

use super::backing::operations;
use super::gradient::{Any, Operation, apply};

/// A linear layer's matrix, `[d_input, d_output]`, and its bias.
pub type Weights = (Tensor<2>, Option<Tensor<1>>);

/// `x W + b`; `None` where that is for Burn's operations to do.
///
/// The matrix may be the transpose of one.
///
/// # Shapes
///
/// - `x`: `[.., d_input]`
/// - result: `[.., d_output]`
pub fn linear<const D: usize>(x: &Tensor<D>, (weight, bias): &Weights) -> Option<Tensor<D>> {
    let weight = weight.clone().into_dispatch();
    let bias = bias.clone().map(Tensor::into_dispatch);
    let x = x.clone().into_dispatch();
    let linear = operations([&x, &weight].into_iter().chain(&bias))?.linear;
    Some(Tensor::from_dispatch(match bias {
        Some(bias) => apply(linear, [x, weight, bias]),
        None => apply(linear, [x, weight]),
    }))
}

/// How a backend computes a linear layer of its own.
///
/// ```text
/// dx = g Wᵀ,   dW = xᵀ g,   db = Σ g
/// ```
#[derive(Debug, Clone, Copy)]
pub(super) struct Linear {
    /// The result, given input, matrix and bias.
    pub(super) forward: fn([Any; 2], Option<Any>) -> Any,
    /// The gradients of those of input, matrix and bias that want one, given the result's.
    pub(super) backward: fn(Saved, Any, [bool; 3]) -> [Option<Any>; 3],
}

/// Input and matrix.
pub(super) type Saved = [Any; 2];

impl Operation<2> for Linear {
    type Saved = Saved;

    fn forward(&self, inputs: [Any; 2]) -> (Any, Saved) {
        ((self.forward)(inputs.clone(), None), inputs)
    }

    fn backward(&self, saved: Saved, gradient: Any, wanted: [bool; 2]) -> [Option<Any>; 2] {
        let [x, weight, _] = (self.backward)(saved, gradient, [wanted[0], wanted[1], false]);
        [x, weight]
    }
}

impl Operation<3> for Linear {
    type Saved = Saved;

    fn forward(&self, [x, weight, bias]: [Any; 3]) -> (Any, Saved) {
        ((self.forward)([x.clone(), weight.clone()], Some(bias)), [x, weight])
    }

    fn backward(&self, saved: Saved, gradient: Any, wanted: [bool; 3]) -> [Option<Any>; 3] {
        (self.backward)(saved, gradient, wanted)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::module;

    use super::*;
    use crate::kernels::testing::{agree, devices, random};

    #[test]
    fn it_equals_the_plain_composition_and_so_do_its_gradients() {
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
                            let found = linear(&x.reshape(shape), &(of(weight), None));
                            found.expect("floats").flatten(0, 2)
                        },
                        &|[x, weight]| {
                            module::linear(x.reshape(shape), of(weight), None).flatten(0, 2)
                        },
                    );
                    agree(
                        [x.clone(), weight.clone(), bias.clone()],
                        &|[x, weight, bias]| {
                            let found = linear(&x.reshape(shape), &(of(weight), Some(bias)));
                            found.expect("floats").flatten(0, 2)
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
    fn a_frozen_matrix_lets_gradients_through() {
        for device in devices() {
            let weight = random([4, 6], &device);
            let of = |x: Tensor<1>| x.reshape([2, 4]);
            // The matrix is given without gradients, on a device that has some.
            let on = |x: &Tensor<1>| Tensor::from_data(weight.clone().into_data(), &x.device());
            agree(
                [random([8], &device)],
                &|[x]| linear(&of(x.clone()), &(on(&x), None)).expect("floats").flatten(0, 1),
                &|[x]| of(x.clone()).matmul(on(&x)).flatten(0, 1),
            );
        }
    }
}
