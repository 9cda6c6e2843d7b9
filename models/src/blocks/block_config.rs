//! The wiring of a block, the sizes of its layers, and its cost.

use serde::{Deserialize, Serialize};

use crate::layers::activation::Activation;
use crate::layers::attention::{AttentionConfig, CrossAttentionConfig, HeadDims};
use crate::layers::cache::{KeyValueState, LayerState};
use crate::layers::convolution::ConvolutionConfig;
use crate::layers::feed_forward::{FeedForwardConfig, FeedForwardKind};
use crate::layers::norm::NormConfig;

/// The wiring of a block and the sizes of its layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockConfig {
    /// The order of norms, sub-layers and residual connections.
    pub wiring: Wiring,
    /// The attention sub-layer.
    pub attention: AttentionConfig,
    /// The feed-forward sub-layer.
    pub feed_forward: FeedForwardConfig,
    /// The config of every norm in the block.
    pub norm: NormConfig,
    /// Dropout probability on a sub-layer's output.
    pub dropout: f64,
}

/// The order of norms, sub-layers and residual connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wiring {
    /// A norm before the feed-forward sub-layer only.
    NoAttentionNorm,
    /// A norm on each sub-layer's output, before the residual is added.
    ReorderedNorm,
    /// One norm before both sub-layers, which run in parallel on the same input.
    Parallel,
    /// Two sub-layers in parallel, each with a norm of its own.
    ParallelDualNorm,
    /// A norm after each residual connection.
    PostNorm,
    /// [`Wiring::PostNorm`] plus a convolution of the block's input, added to the block's output.
    PostNormConvolution(ConvolutionConfig, Activation),
    /// [`Wiring::PostNorm`] with a third sub-layer: cross-attention to the encoder output.
    PostNormDecoder,
    /// A norm before each sub-layer.
    PreNorm,
    /// [`Wiring::PreNorm`] with a third sub-layer: cross-attention to the encoder output.
    PreNormDecoder,
    /// A norm before and a norm after each sub-layer.
    Sandwich,
    /// A norm before each sub-layer and a learned scale after it.
    LayerScale,
}

impl BlockConfig {
    /// The config of cross-attention: the sizes and the mechanism of self-attention.
    pub(super) fn cross_attention(&self) -> CrossAttentionConfig {
        let AttentionConfig { d_model, heads, bias, mechanism, .. } = self.attention.clone();
        CrossAttentionConfig { d_model, heads, bias, mechanism }
    }

    /// The empty state of the block's attention, with room for `reserve` tokens.
    pub fn state(&self, reserve: usize) -> LayerState {
        let own = LayerState::KeyValue(KeyValueState::new(self.attention.pattern, reserve));
        if self.has_cross_attention() { own.with_encoder() } else { own }
    }

    /// Whether the block has cross-attention to an encoder output.
    pub(crate) fn has_cross_attention(&self) -> bool {
        matches!(self.wiring, Wiring::PostNormDecoder | Wiring::PreNormDecoder)
    }

    /// Multiply-adds per token with `n_keys` keys.
    pub fn macs_per_token(&self, n_keys: usize) -> usize {
        // The encoder output is assumed to be as long as the decoder's text.
        let cross = if self.has_cross_attention() {
            self.cross_attention().macs_per_token(n_keys)
        } else {
            0
        };
        let convolution = match self.wiring {
            Wiring::PostNormConvolution(config, _) => config.macs_per_token(self.attention.d_model),
            _ => 0,
        };
        let attention = self.attention.macs_per_token(n_keys) + cross;
        attention + convolution + self.feed_forward.macs_per_token()
    }

    /// The width of the widest projection, in features.
    pub(crate) fn widest(&self) -> usize {
        let AttentionConfig { d_model, heads, .. } = self.attention;
        let HeadDims { n_heads, n_kv_heads, d_head } = heads;
        let projected = n_heads.max(n_kv_heads).saturating_mul(d_head);
        d_model.max(projected).max(self.feed_forward.d_ff)
    }

    /// The approximate number of parameters. A float, because a hostile config would overflow an
    /// integer.
    pub(crate) fn weights(&self) -> f64 {
        let AttentionConfig { d_model, heads, .. } = self.attention;
        let HeadDims { n_heads, n_kv_heads, d_head } = heads;
        let [d_model, n_heads, n_kv_heads, d_head, d_ff] =
            [d_model, n_heads, n_kv_heads, d_head, self.feed_forward.d_ff].map(|n| n as f64);
        let attention = 2.0 * d_model * (n_heads + n_kv_heads) * d_head;
        let attentions = if self.has_cross_attention() { 2.0 } else { 1.0 };
        let convolution = match self.wiring {
            Wiring::PostNormConvolution(config, _) => {
                d_model * d_model * config.kernel as f64 / config.groups as f64
            }
            _ => 0.0,
        };
        let feed_forward = 3.0 * d_model * d_ff * self.feed_forward.n_experts() as f64;
        attentions * attention + convolution + feed_forward
    }

    /// Activations per token, in floats, that a training step keeps for the backward pass.
    ///
    /// An estimate: the inputs of every matrix product, and the attention scores twice (masked, and
    /// after the softmax).
    pub fn activations_per_token(&self, n_keys: usize) -> usize {
        let AttentionConfig { d_model, heads, .. } = self.attention;
        let (d_query, d_key) = (heads.d_query(), heads.d_key());
        let hidden = match self.feed_forward.kind {
            FeedForwardKind::Plain => 4,
            FeedForwardKind::Gated => 5,
            FeedForwardKind::Mixture { n_experts, .. } => 6 * n_experts,
        };
        let n_norms = match self.wiring {
            Wiring::Parallel | Wiring::NoAttentionNorm => 1,
            Wiring::PostNormConvolution(..) | Wiring::PostNormDecoder | Wiring::PreNormDecoder => 3,
            Wiring::Sandwich => 4,
            Wiring::PreNorm
            | Wiring::PostNorm
            | Wiring::ReorderedNorm
            | Wiring::ParallelDualNorm
            | Wiring::LayerScale => 2,
        };
        let scores = 2 * heads.n_heads * n_keys;
        let of_attention =
            (3 * d_query + 2 * d_key + scores) * if self.has_cross_attention() { 2 } else { 1 };
        3 * n_norms * d_model + of_attention + hidden * self.feed_forward.d_ff
    }
}
