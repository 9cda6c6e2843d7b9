//! [`linear`](crate::linear) with LibTorch's kernels.

use tch::{Kind, Tensor};

use super::product::product;
use super::tensors::{any, held};
use crate::gradient::Any;
use crate::ops::linear::LinearKernels;

/// See [`LinearKernels`].
pub(super) const LINEAR: LinearKernels = LinearKernels { forward, backward };

fn forward(x: Any, weight: Any, bias: Option<Any>) -> Any {
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

fn backward(x: Any, weight: Any, gradient: Any, wanted: [bool; 3]) -> [Option<Any>; 3] {
    let [x, weight, gradient] = [x, weight, gradient].map(|x| held(x).tensor);
    let gradient = rows(&gradient);
    let of_x =
        wanted[0].then(|| any(product(&gradient, &weight.tr(), None).view(x.size().as_slice())));
    let of_weight = wanted[1].then(|| {
        let x = rows(&x);
        let is_transposed = weight.stride()[1] != 1;
        any(if is_transposed {
            product(&gradient.tr(), &x, None).tr()
        } else {
            product(&x.tr(), &gradient, None)
        })
    });
    let of_bias = || any(gradient.sum_dim_intlist(0, false, None::<Kind>));
    [of_x, of_weight, wanted[2].then(of_bias)]
}

/// All rows of a tensor as a matrix.
fn rows(x: &Tensor) -> Tensor {
    let width = x.size().last().copied().unwrap_or(1);
    x.reshape([-1, width])
}
