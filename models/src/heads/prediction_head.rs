//! The transform that several heads apply before their last projection.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::layers::activation::Activation;
use crate::layers::linear::{Bias, Linear};
use crate::layers::norm::{Norm, NormConfig};

/// Sizes and options of a prediction head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredictionHeadConfig {
    /// Input and output features.
    pub width: [usize; 2],
    /// Whether the projection has a bias.
    pub bias: Bias,
    /// The non-linearity.
    pub activation: Activation,
    /// The norm after it.
    pub norm: Option<NormConfig>,
}

/// `Norm(act(x W + b))`
#[derive(Module, Debug)]
pub struct PredictionHead {
    /// The projection.
    pub dense: Linear,
    norm: Option<Norm>,
    #[module(skip)]
    activation: Activation,
}

impl PredictionHeadConfig {
    /// Equal input and output features, a bias, and no norm.
    pub fn new(d_model: usize, activation: Activation) -> Self {
        Self { width: [d_model, d_model], bias: Bias::Present, activation, norm: None }
    }

    /// Creates a prediction head of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> PredictionHead {
        let [d_input, d_output] = self.width;
        PredictionHead {
            dense: Linear::new(d_input, d_output, self.bias, device),
            norm: self.norm.map(|norm| norm.init(device)),
            activation: self.activation,
        }
    }
}

impl PredictionHead {
    /// Transforms every vector.
    ///
    /// # Shapes
    ///
    /// - `x`: `[.., width[0]]`
    /// - result: `[.., width[1]]`
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let x = self.activation.forward(self.dense.forward(x));
        match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        }
    }
}
