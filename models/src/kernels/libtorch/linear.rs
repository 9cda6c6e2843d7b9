//! [`linear`](crate::kernels::linear) by LibTorch's kernels.

use tch::{Kind, Tensor};

use super::product::product;
use super::tensors::{any, held, is_here};
use crate::kernels::backing::Scale;
use crate::kernels::gradient::{Any, Operation, apply};

/// See [`linear`](crate::kernels::linear::linear).
pub(in crate::kernels) fn linear(x: Any, (weight, bias): Scale) -> Option<Any> {
    if !is_here(&x) || !is_here(&weight) || !bias.as_ref().is_none_or(is_here) {
        return None;
    }
    Some(match bias {
        Some(bias) => apply(Linear, [x, weight, bias]),
        None => apply(Linear, [x, weight]),
    })
}

#[derive(Debug, Clone)]
struct Linear;

/// Input and weight.
type Saved = [Any; 2];

impl Operation<2> for Linear {
    type Saved = Saved;

    fn forward(&self, inputs: [Any; 2]) -> (Any, Saved) {
        (forward(inputs.clone(), None), inputs)
    }

    fn backward(&self, saved: Saved, gradient: Any, wanted: [bool; 2]) -> [Option<Any>; 2] {
        backward(saved, &rows(&held(gradient).tensor), wanted)
    }
}

impl Operation<3> for Linear {
    type Saved = Saved;

    fn forward(&self, [x, weight, bias]: [Any; 3]) -> (Any, Saved) {
        (forward([x.clone(), weight.clone()], Some(bias)), [x, weight])
    }

    fn backward(&self, saved: Saved, gradient: Any, wanted: [bool; 3]) -> [Option<Any>; 3] {
        let gradient = held(gradient).tensor;
        let gradient = rows(&gradient);
        let [x, weight] = backward(saved, &gradient, [wanted[0], wanted[1]]);
        let sum = || any(gradient.sum_dim_intlist(0, false, None::<Kind>));
        [x, weight, wanted[2].then(sum)]
    }
}

fn forward([x, weight]: [Any; 2], bias: Option<Any>) -> Any {
    let (x, weight) = (held(x), held(weight));
    let mut size = x.tensor.size();
    if let Some(last) = size.last_mut() {
        *last = weight.tensor.size()[1];
    }
    let x = rows(&x.tensor);
    let bias = bias.map(|bias| held(bias).tensor);
    let result = product(&x, &weight.tensor, bias.as_ref());
    any(result.view(size.as_slice()))
}

/// ```text
/// dx = g Wᵀ,   dW = xᵀ g
/// ```
fn backward([x, weight]: Saved, gradient: &Tensor, wanted: [bool; 2]) -> [Option<Any>; 2] {
    let (x, weight) = (held(x).tensor, held(weight).tensor);
    let of_x =
        wanted[0].then(|| any(product(gradient, &weight.tr(), None).view(x.size().as_slice())));
    let of_weight = wanted[1].then(|| {
        let x = rows(&x);
        let is_transposed = weight.stride()[1] != 1;
        any(if is_transposed {
            product(&gradient.tr(), &x, None).tr()
        } else {
            product(&x.tr(), gradient, None)
        })
    });
    [of_x, of_weight]
}

/// All rows of a tensor as a matrix.
fn rows(x: &Tensor) -> Tensor {
    let width = x.size().last().copied().unwrap_or(1);
    x.reshape([-1, width])
}
