//! Norms before the branches: GPT-2, Llama and most decoders since.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::layers::Scope;
use crate::layers::attention::{Attention, AttentionConfig};
use crate::layers::feed_forward::{FeedForward, FeedForwardConfig, FeedForwardKind};
use crate::layers::norm::{Norm, NormConfig};

/// Sizes of a pre-norm block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreNormConfig {
    /// The attention branch.
    pub attention: AttentionConfig,
    /// The feed-forward branch.
    pub feed_forward: FeedForwardConfig,
    /// Both norms.
    pub norm: NormConfig,
    /// Probability of dropping a feature of a branch's result in training.
    pub dropout: f64,
}

/// A pre-norm block.
///
/// Reference: Xiong et al. 2020, <https://arxiv.org/abs/2002.04745>
#[derive(Module, Debug)]
pub struct PreNormBlock {
    attention_norm: Norm,
    attention: Attention,
    feed_forward_norm: Norm,
    feed_forward: FeedForward,
    dropout: Dropout,
}

impl PreNormConfig {
    /// A block of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> PreNormBlock {
        PreNormBlock {
            attention_norm: self.norm.init(device),
            attention: self.attention.init(device),
            feed_forward_norm: self.norm.init(device),
            feed_forward: self.feed_forward.init(device),
            dropout: DropoutConfig::new(self.dropout).init(),
        }
    }

    /// Multiply-adds per token with `n_keys` keys.
    pub fn macs_per_token(&self, n_keys: usize) -> usize {
        self.attention.macs_per_token(n_keys) + self.feed_forward.macs_per_token()
    }

    /// Floats per token that a training step keeps for the backward pass.
    ///
    /// An estimate: the inputs of every product and the scores, which are kept twice (masked, and
    /// after the softmax).
    pub fn activations_per_token(&self, n_keys: usize) -> usize {
        let attention = &self.attention;
        let d_model = attention.d_model;
        let d_query = attention.n_heads * attention.d_head;
        let d_key = attention.n_kv_heads * attention.d_head;
        let hidden = match self.feed_forward.kind {
            FeedForwardKind::Plain => 4,
            FeedForwardKind::Gated => 5,
        };
        let norms = 2 * 3 * d_model;
        let scores = 2 * attention.n_heads * n_keys;
        norms + 3 * d_query + 2 * d_key + scores + hidden * self.feed_forward.d_ff
    }
}

impl PreNormBlock {
    /// x <- x + Dropout(Attention(Norm(x)));  x <- x + Dropout(FeedForward(Norm(x)))
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, scope: &mut Scope<'_>) -> Tensor<3> {
        let attended = self.attention.forward(self.attention_norm.forward(x.clone()), scope);
        let x = x + self.dropout.forward(attended);
        let fed = self.feed_forward.forward(self.feed_forward_norm.forward(x.clone()));
        x + self.dropout.forward(fed)
    }
}
