//! [`norm`](crate::norm) with LibTorch's kernels.

use tch::Tensor;

use super::tensors::{any, held};
use crate::gradient::{Any, Operation, apply};
use crate::ops::norm::{Centre, NormParams};

/// See [`norm`](crate::norm::norm). LibTorch has a kernel for layer norm; its RMS norm is
/// a composition, too.
pub(super) fn norm(params: NormParams, x: Any, gamma: Any, beta: Option<Any>) -> Option<Any> {
    if params.centre != Centre::Mean || params.offset != 0.0 {
        return None;
    }
    let norm = LayerNorm { epsilon: f64::from(params.epsilon) };
    Some(match beta {
        Some(beta) => apply(norm, [x, gamma, beta]),
        None => apply(norm, [x, gamma]),
    })
}

#[derive(Debug, Clone)]
struct LayerNorm {
    epsilon: f64,
}

impl LayerNorm {
    fn of(&self, x: &Tensor, gamma: &Tensor, beta: Option<&Tensor>) -> Tensor {
        x.layer_norm(gamma.size(), Some(gamma), beta, self.epsilon, true)
    }

    /// The gradients of all inputs, computed by LibTorch's autograd: its backward kernel is not
    /// accessible in another way. This recomputes the forward pass, which takes a tenth of the
    /// time.
    fn gradients<const N: usize>(&self, saved: [Any; N], gradient: Any) -> [Option<Any>; N] {
        let inputs = saved.map(|x| held(x).tensor.detach().set_requires_grad(true));
        let given = held(gradient).tensor;
        let product = tch::with_grad(|| {
            let result = self.of(&inputs[0], &inputs[1], inputs.get(2));
            result.reshape([-1]).dot(&given.reshape([-1]))
        });
        let gradients = Tensor::run_backward(&[product], &inputs, false, false);
        let mut gradients = gradients.into_iter();
        std::array::from_fn(|_| gradients.next().map(any))
    }
}

impl Operation<2> for LayerNorm {
    type Saved = [Any; 2];

    fn forward(&self, inputs: [Any; 2]) -> (Any, [Any; 2]) {
        let [x, gamma] = inputs.clone().map(|x| held(x).tensor);
        (any(self.of(&x, &gamma, None)), inputs)
    }

    fn backward(&self, saved: [Any; 2], gradient: Any, _: [bool; 2]) -> [Option<Any>; 2] {
        self.gradients(saved, gradient)
    }
}

impl Operation<3> for LayerNorm {
    type Saved = [Any; 3];

    fn forward(&self, inputs: [Any; 3]) -> (Any, [Any; 3]) {
        let [x, gamma, beta] = inputs.clone().map(|x| held(x).tensor);
        (any(self.of(&x, &gamma, Some(&beta))), inputs)
    }

    fn backward(&self, saved: [Any; 3], gradient: Any, _: [bool; 3]) -> [Option<Any>; 3] {
        self.gradients(saved, gradient)
    }
}
