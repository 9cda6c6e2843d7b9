//! The feed-forward layer of a block.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::activation::Activation;
use super::dropout::dropout;
use super::linear::{Bias, Linear};
use super::mixture::MixtureFeedForward;
use crate::parameters::ResidualOutput;
use crate::precision::to_f32;

/// Sizes and variant of a feed-forward layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedForwardConfig {
    /// The variant.
    pub kind: FeedForwardKind,
    /// Input and output features.
    pub d_model: usize,
    /// Hidden features.
    pub d_ff: usize,
    /// The non-linearity.
    pub activation: Activation,
    /// Whether the projections have a bias.
    pub bias: Bias,
    /// Dropout probability of the hidden features in training.
    pub dropout: f64,
}

/// The variant of a feed-forward layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeedForwardKind {
    /// Two projections around the activation.
    Plain,
    /// A third projection gates the hidden features.
    Gated,
    /// A mixture of gated layers, of which each token uses a few.
    Mixture {
        /// The number of experts.
        n_experts: usize,
        /// The number of experts that each token uses.
        n_active: usize,
    },
}

/// A feed-forward layer.
#[derive(Module, Debug)]
pub enum FeedForward {
    /// GPT-2, BERT.
    Plain(PlainFeedForward),
    /// Llama (SwiGLU), Gemma (GeGLU).
    Gated(GatedFeedForward),
    /// Mixtral.
    Mixture(MixtureFeedForward),
}

/// `down(act(up(x)))`
///
/// Reference: Vaswani et al. 2017, §3.3, <https://arxiv.org/abs/1706.03762>
#[derive(Module, Debug)]
pub struct PlainFeedForward {
    /// `d_model` to `d_ff`.
    pub up: Linear,
    /// `d_ff` to `d_model`.
    pub down: ResidualOutput<Linear>,
    dropout: Dropout,
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
    pub down: ResidualOutput<Linear>,
    dropout: Dropout,
    #[module(skip)]
    activation: Activation,
}

impl FeedForwardConfig {
    /// Creates a layer of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> FeedForward {
        match self.kind {
            FeedForwardKind::Plain => FeedForward::Plain(PlainFeedForward {
                up: Linear::new(self.d_model, self.d_ff, self.bias, device),
                down: ResidualOutput::new(Linear::new(self.d_ff, self.d_model, self.bias, device)),
                dropout: DropoutConfig::new(self.dropout).init(),
                activation: self.activation,
            }),
            FeedForwardKind::Gated => FeedForward::Gated(self.gated(device)),
            FeedForwardKind::Mixture { n_experts, n_active } => {
                let experts = (0..n_experts).map(|_| self.gated(device)).collect();
                let router = Linear::new(self.d_model, n_experts, Bias::Absent, device);
                FeedForward::Mixture(MixtureFeedForward { router, experts, n_active })
            }
        }
    }

    fn gated(&self, device: &Device) -> GatedFeedForward {
        GatedFeedForward {
            gate: Linear::new(self.d_model, self.d_ff, self.bias, device),
            up: Linear::new(self.d_model, self.d_ff, self.bias, device),
            down: ResidualOutput::new(Linear::new(self.d_ff, self.d_model, self.bias, device)),
            dropout: DropoutConfig::new(self.dropout).init(),
            activation: self.activation,
        }
    }

    /// The number of experts; 1 for a layer without experts.
    pub fn n_experts(&self) -> usize {
        match self.kind {
            FeedForwardKind::Plain | FeedForwardKind::Gated => 1,
            FeedForwardKind::Mixture { n_experts, .. } => n_experts,
        }
    }

    /// Multiply-adds per token.
    pub fn macs_per_token(&self) -> usize {
        let projection = self.d_model * self.d_ff;
        match self.kind {
            FeedForwardKind::Plain => 2 * projection,
            FeedForwardKind::Gated => 3 * projection,
            // Every expert processes every token; experts that are not selected get the weight 0.
            FeedForwardKind::Mixture { n_experts, .. } => {
                n_experts * (3 * projection + self.d_model)
            }
        }
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
            Self::Plain(layer) => {
                let x = layer.up.cast_input(x);
                let hidden = layer.activation.forward(layer.up.apply(x));
                to_f32(layer.down.apply(dropout(&layer.dropout, hidden)))
            }
            Self::Gated(layer) => layer.forward(x),
            Self::Mixture(layer) => layer.forward(x),
        }
    }
}

impl GatedFeedForward {
    /// Applies the layer to every position.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = self.gate.cast_input(x);
        let [gate, up] = Linear::apply_all([&self.gate, &self.up], x);
        let hidden = self.activation.gated(gate, up);
        to_f32(self.down.apply(dropout(&self.dropout, hidden)))
    }
}
