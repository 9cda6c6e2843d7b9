//! Transformer blocks: named wirings of attention, feed-forward and norms.

mod layer_scale;
mod no_attention_norm;
mod parallel;
mod parallel_dual_norm;
mod post_norm;
mod post_norm_convolution;
mod post_norm_decoder;
mod pre_norm;
mod pre_norm_decoder;
mod reordered_norm;
mod sandwich;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::layers::AttentionContext;
use crate::layers::activation::Activation;
use crate::layers::attention::{AttentionConfig, CrossAttentionConfig, HeadDims};
use crate::layers::cache::{KeyValueState, LayerState};
use crate::layers::convolution::ConvolutionConfig;
use crate::layers::feed_forward::{FeedForwardConfig, FeedForwardKind};
use crate::layers::norm::NormConfig;
pub use layer_scale::{LayerScale, LayerScaleBlock};
pub use no_attention_norm::NoAttentionNormBlock;
pub use parallel::ParallelBlock;
pub use parallel_dual_norm::ParallelDualNormBlock;
pub use post_norm::PostNormBlock;
pub use post_norm_convolution::PostNormConvolutionBlock;
pub use post_norm_decoder::PostNormDecoderBlock;
pub use pre_norm::PreNormBlock;
pub use pre_norm_decoder::PreNormDecoderBlock;
pub use reordered_norm::ReorderedNormBlock;
pub use sandwich::SandwichBlock;

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

/// One layer of a backbone.
#[derive(Module, Debug)]
pub enum Block {
    /// ModernBERT's first layer.
    NoAttentionNorm(NoAttentionNormBlock),
    /// OLMo 2.
    ReorderedNorm(ReorderedNormBlock),
    /// GPT-J, Phi.
    Parallel(ParallelBlock),
    /// GPT-NeoX.
    ParallelDualNorm(ParallelDualNormBlock),
    /// The first Transformer, BERT.
    PostNorm(PostNormBlock),
    /// DeBERTa v2's first layer.
    PostNormConvolution(PostNormConvolutionBlock),
    /// The first Transformer's decoder, BART's.
    PostNormDecoder(PostNormDecoderBlock),
    /// GPT-2, Llama.
    PreNorm(PreNormBlock),
    /// The decoders of T5, Pegasus, mBART.
    PreNormDecoder(PreNormDecoderBlock),
    /// Gemma 2 and 3.
    Sandwich(SandwichBlock),
    /// DINOv2.
    LayerScale(LayerScaleBlock),
}

impl BlockConfig {
    /// A block of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Block {
        match self.wiring {
            Wiring::NoAttentionNorm => {
                Block::NoAttentionNorm(NoAttentionNormBlock::new(self, device))
            }
            Wiring::ReorderedNorm => Block::ReorderedNorm(ReorderedNormBlock::new(self, device)),
            Wiring::Parallel => Block::Parallel(ParallelBlock::new(self, device)),
            Wiring::ParallelDualNorm => {
                Block::ParallelDualNorm(ParallelDualNormBlock::new(self, device))
            }
            Wiring::PostNorm => Block::PostNorm(PostNormBlock::new(self, device)),
            Wiring::PostNormConvolution(convolution, activation) => {
                let block = PostNormConvolutionBlock::new(self, convolution, activation, device);
                Block::PostNormConvolution(block)
            }
            Wiring::PostNormDecoder => {
                Block::PostNormDecoder(PostNormDecoderBlock::new(self, device))
            }
            Wiring::PreNorm => Block::PreNorm(PreNormBlock::new(self, device)),
            Wiring::PreNormDecoder => Block::PreNormDecoder(PreNormDecoderBlock::new(self, device)),
            Wiring::Sandwich => Block::Sandwich(SandwichBlock::new(self, device)),
            Wiring::LayerScale => Block::LayerScale(LayerScaleBlock::new(self, device)),
        }
    }

    /// The config of cross-attention: the sizes and the mechanism of self-attention.
    fn cross_attention(&self) -> CrossAttentionConfig {
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

impl Block {
    /// Applies the block.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        match self {
            Self::NoAttentionNorm(block) => block.forward(x, context),
            Self::ReorderedNorm(block) => block.forward(x, context),
            Self::Parallel(block) => block.forward(x, context),
            Self::ParallelDualNorm(block) => block.forward(x, context),
            Self::PostNorm(block) => block.forward(x, context),
            Self::PostNormConvolution(block) => block.forward(x, context),
            Self::PostNormDecoder(block) => block.forward(x, context),
            Self::PreNorm(block) => block.forward(x, context),
            Self::PreNormDecoder(block) => block.forward(x, context),
            Self::Sandwich(block) => block.forward(x, context),
            Self::LayerScale(block) => block.forward(x, context),
        }
    }
}
