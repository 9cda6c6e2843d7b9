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
    pub(crate) backward: fn(LinearInputs, gradient: Any, wanted: [bool; 3]) -> [Option<Any>; 3],
}

/// The inputs that the gradients depend on.
#[derive(Debug, Clone)]
pub(crate) struct LinearInputs {
    pub(crate) x: Any,
    pub(crate) weight: Any,
}

impl Operation<2> for LinearKernels {
    type Saved = LinearInputs;

    fn forward(&self, inputs: [Any; 2]) -> (Any, LinearInputs) {
        let [x, weight] = inputs;
        ((self.forward)(x.clone(), weight.clone(), None), LinearInputs { x, weight })
    }

    fn backward(&self, saved: LinearInputs, gradient: Any, wanted: [bool; 2]) -> [Option<Any>; 2] {
        let [x, weight, _] = (self.backward)(saved, gradient, [wanted[0], wanted[1], false]);
        [x, weight]
    }
}

impl Operation<3> for LinearKernels {
    type Saved = LinearInputs;

    fn forward(&self, inputs: [Any; 3]) -> (Any, LinearInputs) {
        let [x, weight, bias] = inputs;
        ((self.forward)(x.clone(), weight.clone(), Some(bias)), LinearInputs { x, weight })
    }

    fn backward(&self, saved: LinearInputs, gradient: Any, wanted: [bool; 3]) -> [Option<Any>; 3] {
        (self.backward)(saved, gradient, wanted)
    }
}
