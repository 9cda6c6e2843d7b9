//! Fields and layers that GPT-2 and its descendants share: LayerNorm, biases, a plain feed-forward
//! layer, and as many key and value heads as query heads.

use serde::Deserialize;

use super::backbones::{decoder, dropout, stack};
use crate::backbones::{DecoderConfig, EmbeddingConfig, OutputWeights, PositionEmbedding};
use crate::blocks::{BlockConfig, Wiring};
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, FieldNames, Renaming, divides, epsilon, renaming, size};
use crate::layers::activation::Activation;
use crate::layers::attention::{
    AttentionConfig, HeadDims, MechanismConfig, ProjectionBias, QkNorm, SoftmaxConfig,
};
use crate::layers::feed_forward::{FeedForwardConfig, FeedForwardKind};
use crate::layers::norm::{NormConfig, NormKind};
use crate::layers::position::PositionEncoding;
use crate::layers::{linear::Bias, mask::AttentionPattern};

/// The names that transformers has for all families.
const ALIASES: &[Renaming] = &[
    renaming("hidden_size", "n_embd"),
    renaming("max_position_embeddings", "n_positions"),
    renaming("num_attention_heads", "n_head"),
    renaming("num_hidden_layers", "n_layer"),
];

/// GPT-2's field names, with these defaults.
pub(super) const fn names(defaults: &'static str) -> FieldNames {
    FieldNames { defaults, aliases: ALIASES, shared: &[] }
}

/// The fields of GPT-2's config.
#[derive(Deserialize)]
pub(super) struct Gpt2Fields {
    vocab_size: usize,
    n_positions: usize,
    n_embd: usize,
    n_layer: usize,
    n_head: usize,
    n_inner: Option<usize>,
    activation_function: String,
    resid_pdrop: f64,
    embd_pdrop: f64,
    attn_pdrop: f64,
    layer_norm_epsilon: f64,
    initializer_range: f64,
    pub(super) tie_word_embeddings: bool,
}

impl Gpt2Fields {
    /// GPT-2's layer, which families modify.
    pub(super) fn layer(&self) -> Result<BlockConfig, ConfigError> {
        let d_model = size("n_embd", self.n_embd)?;
        let n_heads = size("n_head", self.n_head)?;
        let mut layer = layer(Shape {
            d_model,
            n_heads,
            d_head: divides("n_head", n_heads, d_model)?,
            d_ff: size("n_inner", self.n_inner.unwrap_or(4 * d_model))?,
            activation: activation("activation_function", &self.activation_function)?,
            epsilon: epsilon("layer_norm_epsilon", self.layer_norm_epsilon)?,
        });
        layer.dropout = dropout("resid_pdrop", self.resid_pdrop)?;
        layer.attention.softmax_mut().dropout = dropout("attn_pdrop", self.attn_pdrop)?;
        Ok(layer)
    }

    /// A decoder whose layers `of` creates from their indices, with the output weights of the
    /// config.
    pub(super) fn decoder(
        &self,
        positions: PositionEmbedding,
        of: impl Fn(usize) -> BlockConfig,
    ) -> Result<DecoderConfig, ConfigError> {
        let n_layers = size("n_layer", self.n_layer)?;
        let embedding = EmbeddingConfig {
            dropout: dropout("embd_pdrop", self.embd_pdrop)?,
            ..EmbeddingConfig::new(self.n_embd, positions)
        };
        let layers = (0..n_layers).map(of).collect();
        let stack = stack(size("n_positions", self.n_positions)?, embedding, layers);
        let output = OutputWeights::from(self.tie_word_embeddings);
        decoder(self.vocab_size, stack, output, self.initializer_range)
    }
}

/// Validated sizes of a layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) d_model: usize,
    pub(super) n_heads: usize,
    pub(super) d_head: usize,
    pub(super) d_ff: usize,
    pub(super) activation: Activation,
    pub(super) epsilon: f64,
}

/// GPT-2's layer without dropout, which families modify.
pub(super) fn layer(shape: Shape) -> BlockConfig {
    let Shape { d_model, n_heads, d_head, d_ff, activation, epsilon } = shape;
    BlockConfig {
        wiring: Wiring::PreNorm,
        attention: AttentionConfig {
            d_model,
            heads: HeadDims { n_heads, n_kv_heads: n_heads, d_head },
            bias: ProjectionBias::all(Bias::Present),
            qk_norm: QkNorm::None,
            positions: PositionEncoding::None,
            pattern: AttentionPattern::Causal,
            mechanism: MechanismConfig::Softmax(SoftmaxConfig {
                scale: (d_head as f64).powf(-0.5),
                softcap: None,
                dropout: 0.0,
            }),
        },
        feed_forward: FeedForwardConfig {
            kind: FeedForwardKind::Plain,
            d_model,
            d_ff,
            activation,
            bias: Bias::Present,
            dropout: 0.0,
        },
        norm: NormConfig { kind: NormKind::Layer, d_model, epsilon },
        dropout: 0.0,
    }
}
