//! The feed-forward half of a block.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::activation::Activation;
use super::linear::{Bias, linear};

/// Sizes and form of a feed-forward layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedForwardConfig {
    /// The wiring.
    pub kind: FeedForwardKind,
    /// Input and output features.
    pub d_model: usize,
    /// Hidden features.
    pub d_ff: usize,
    /// The non-linearity.
    pub activation: Activation,
    /// Whether the projections add biases.
    pub bias: Bias,
}

/// The wiring of a feed-forward layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeedForwardKind {
    /// Two projections around the activation.
    Plain,
    /// A third projection gates the hidden features.
    Gated,
}

/// A feed-forward layer.
#[derive(Module, Debug)]
pub enum FeedForward {
    /// GPT-2, BERT.
    Plain(PlainFeedForward),
    /// Llama (SwiGLU), Gemma (GeGLU).
    Gated(GatedFeedForward),
}

/// `down(act(up(x)))`
///
/// Reference: Vaswani et al. 2017, §3.3, <https://arxiv.org/abs/1706.03762>
#[derive(Module, Debug)]
pub struct PlainFeedForward {
    /// `d_model` to `d_ff`.
    pub up: Linear,
    /// `d_ff` to `d_model`.
    pub down: Linear,
    #[module(skip)]
    activation: Activation,
}

/// `down(act(gate(x)) · up(x))`
///
/// Reference: Shazeer 2020, eq. 6, <https://arxiv.org/abs/2002.05202>
#[derive(Module, Debug)]
pub struct GatedFeedForward {
    /// `d_model` to `d_ff`, activated.
    pub gate: Linear,
    /// `d_model` to `d_ff`.
    pub up: Linear,
    /// `d_ff` to `d_model`.
    pub down: Linear,
    #[module(skip)]
    activation: Activation,
}

impl FeedForwardConfig {
    /// A layer of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> FeedForward {
        let up = linear(self.d_model, self.d_ff, self.bias, device);
        let down = linear(self.d_ff, self.d_model, self.bias, device);
        let activation = self.activation;
        match self.kind {
            FeedForwardKind::Plain => FeedForward::Plain(PlainFeedForward { up, down, activation }),
            FeedForwardKind::Gated => {
                let gate = linear(self.d_model, self.d_ff, self.bias, device);
                FeedForward::Gated(GatedFeedForward { gate, up, down, activation })
            }
        }
    }

    /// Multiply-adds per token.
    pub fn macs_per_token(&self) -> usize {
        let projections = match self.kind {
            FeedForwardKind::Plain => 2,
            FeedForwardKind::Gated => 3,
        };
        projections * self.d_model * self.d_ff
    }
}

impl FeedForward {
    /// Applies the layer to every position.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        match self {
            Self::Plain(layer) => layer.down.forward(layer.activation.forward(layer.up.forward(x))),
            Self::Gated(layer) => {
                let gate = layer.activation.forward(layer.gate.forward(x.clone()));
                layer.down.forward(gate * layer.up.forward(x))
            }
        }
    }
}
