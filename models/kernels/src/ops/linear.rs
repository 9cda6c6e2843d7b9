//! The parameters of linear layers.

use burn::tensor::Tensor;

use crate::gradient::{Any, Operation};

/// The parameters of a linear layer.
#[derive(Debug, Clone)]
pub struct LinearWeights {
    /// The matrix, `[d_input, d_output]`.
    pub weight: Tensor<2>,
    /// The bias, `[d_output]`.
    pub bias: Option<Tensor<1>>,
}

impl LinearWeights {
    /// The parameters of a layer without a bias.
    pub fn without_bias(weight: Tensor<2>) -> Self {
        Self { weight, bias: None }
    }
}

/// A backend's kernels for a linear layer.
///
/// ```text
/// dx = g Wᵀ,   dW = xᵀ g,   db = Σ g
/// ```
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinearKernels {
    pub(crate) forward: fn(x: Any, weight: Any, bias: Option<Any>) -> Any,
    /// The gradients of input, weight and bias, as far as they are wanted, given the gradient of
    /// the result.
    pub(crate) backward: fn(x: Any, weight: Any, gradient: Any, [bool; 3]) -> [Option<Any>; 3],
}

/// Input and weight are saved.
impl Operation<2> for LinearKernels {
    type Saved = [Any; 2];

    fn forward(&self, inputs: [Any; 2]) -> (Any, [Any; 2]) {
        let [x, weight] = inputs.clone();
        ((self.forward)(x, weight, None), inputs)
    }

    fn backward(&self, saved: [Any; 2], gradient: Any, wanted: [bool; 2]) -> [Option<Any>; 2] {
        let [x, weight] = saved;
        let wanted = [wanted[0], wanted[1], false];
        let [of_x, of_weight, _] = (self.backward)(x, weight, gradient, wanted);
        [of_x, of_weight]
    }
}

/// Input and weight are saved.
impl Operation<3> for LinearKernels {
    type Saved = [Any; 2];

    fn forward(&self, inputs: [Any; 3]) -> (Any, [Any; 2]) {
        let [x, weight, bias] = inputs;
        ((self.forward)(x.clone(), weight.clone(), Some(bias)), [x, weight])
    }

    fn backward(&self, saved: [Any; 2], gradient: Any, wanted: [bool; 3]) -> [Option<Any>; 3] {
        let [x, weight] = saved;
        (self.backward)(x, weight, gradient, wanted)
    }
}
