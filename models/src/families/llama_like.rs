//! Fields and keys that Llama and its descendants share.

use serde::Deserialize;
use serde_json::{Value, json};

use super::backbones::{decoder, dropout, stack};
use super::{Family, Size};
use crate::backbones::{DecoderConfig, EmbeddingConfig, OutputWeights, PositionEmbedding};
use crate::blocks::{BlockConfig, Wiring};
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, divides, epsilon, size};
use crate::hf::keys::{Key, drop, rename, transpose};
use crate::hf::rope::{RopeFields, Rotated};
use crate::layers::attention::{
    AttentionConfig, HeadDims, MechanismConfig, ProjectionBias, QkNorm, SoftmaxConfig,
};
use crate::layers::feed_forward::{FeedForwardConfig, FeedForwardKind};
use crate::layers::norm::{NormConfig, NormKind};
use crate::layers::position::PositionEncoding;
use crate::layers::{linear::Bias, mask::AttentionPattern};

/// Embeddings, attention, the norm before it, and the output projection.
pub(super) const KEYS: &[Key] = &[
    rename("embed_tokens", "embedding.token"),
    rename("layers.{}.input_layernorm", "layers.{}.attention_norm"),
    transpose("layers.{}.self_attn.q_proj", "layers.{}.attention.query"),
    transpose("layers.{}.self_attn.k_proj", "layers.{}.attention.key"),
    transpose("layers.{}.self_attn.v_proj", "layers.{}.attention.value"),
    transpose("layers.{}.self_attn.o_proj", "layers.{}.attention.output"),
    transpose("layers.{}.mlp.gate_proj", "layers.{}.feed_forward.gate"),
    transpose("layers.{}.mlp.up_proj", "layers.{}.feed_forward.up"),
    transpose("layers.{}.mlp.down_proj", "layers.{}.feed_forward.down"),
    rename("norm", "norm"),
    // Frequencies are computed from the config; old files contain them.
    drop("layers.{}.self_attn.rotary_emb.inv_freq"),
];

/// The second norm of a pre-norm block.
pub(super) const FEED_FORWARD_NORM: &[Key] =
    &[rename("layers.{}.post_attention_layernorm", "layers.{}.feed_forward_norm")];

/// Norms after the sub-layers.
pub(super) const RESULT_NORMS: &[Key] = &[
    rename("layers.{}.post_attention_layernorm", "layers.{}.attention_result_norm"),
    rename("layers.{}.post_feedforward_layernorm", "layers.{}.feed_forward_result_norm"),
];

/// The norm before the feed-forward sub-layer, in blocks that also have [`RESULT_NORMS`].
pub(super) const SANDWICH_NORM: &[Key] =
    &[rename("layers.{}.pre_feedforward_layernorm", "layers.{}.feed_forward_norm")];

/// The norms of queries and keys.
pub(super) const QUERY_KEY_NORMS: &[Key] = &[
    rename("layers.{}.self_attn.q_norm", "layers.{}.attention.query_norm"),
    rename("layers.{}.self_attn.k_norm", "layers.{}.attention.key_norm"),
];

/// Fields that all of these families have; a family adds its own.
#[derive(Deserialize)]
pub(super) struct LlamaFields {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    pub(super) num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    pub(super) hidden_act: String,
    max_position_embeddings: usize,
    initializer_range: f64,
    rms_norm_eps: f64,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    attention_dropout: Option<f64>,
    tie_word_embeddings: bool,
    #[serde(flatten)]
    pub(super) rope: RopeFields,
}

impl LlamaFields {
    /// Llama's layer, which families modify.
    pub(super) fn layer(&self) -> Result<BlockConfig, ConfigError> {
        self.layer_with(Rotated::Whole)
    }

    /// Llama's layer with partial rotary embeddings.
    pub(super) fn layer_with(&self, rotated: Rotated) -> Result<BlockConfig, ConfigError> {
        let d_model = size("hidden_size", self.hidden_size)?;
        let n_heads = size("num_attention_heads", self.num_attention_heads)?;
        let n_kv_heads = size("num_key_value_heads", self.num_key_value_heads.unwrap_or(n_heads))?;
        divides("num_key_value_heads", n_kv_heads, n_heads)?;
        let d_head = match self.head_dim {
            Some(d_head) => size("head_dim", d_head)?,
            None => divides("num_attention_heads", n_heads, d_model)?,
        };
        let bias = Bias::from(self.attention_bias);
        Ok(BlockConfig {
            wiring: Wiring::PreNorm,
            attention: AttentionConfig {
                d_model,
                heads: HeadDims { n_heads, n_kv_heads, d_head },
                bias: ProjectionBias::all(bias),
                qk_norm: QkNorm::None,
                positions: PositionEncoding::Rotary(self.rope.rotary(
                    d_head,
                    rotated,
                    self.max_positions()?,
                )?),
                pattern: AttentionPattern::Causal,
                mechanism: MechanismConfig::Softmax(SoftmaxConfig {
                    scale: (d_head as f64).powf(-0.5),
                    softcap: None,
                    dropout: dropout("attention_dropout", self.attention_dropout.unwrap_or(0.0))?,
                }),
            },
            feed_forward: FeedForwardConfig {
                kind: FeedForwardKind::Gated,
                d_model,
                d_ff: size("intermediate_size", self.intermediate_size)?,
                activation: activation("hidden_act", &self.hidden_act)?,
                bias: Bias::from(self.mlp_bias),
                dropout: 0.0,
            },
            norm: self.norm(NormKind::Rms)?,
            dropout: 0.0,
        })
    }

    /// A norm over the model's features.
    pub(super) fn norm(&self, kind: NormKind) -> Result<NormConfig, ConfigError> {
        let epsilon = epsilon("rms_norm_eps", self.rms_norm_eps)?;
        Ok(NormConfig { kind, d_model: self.hidden_size, epsilon })
    }

    /// The longest sequence, in tokens.
    pub(super) fn max_positions(&self) -> Result<usize, ConfigError> {
        size("max_position_embeddings", self.max_position_embeddings)
    }

    /// A decoder with these layers and a final norm like theirs.
    pub(super) fn decoder(&self, layers: Vec<BlockConfig>) -> Result<DecoderConfig, ConfigError> {
        size("num_hidden_layers", layers.len())?;
        let embedding = EmbeddingConfig::new(self.hidden_size, PositionEmbedding::None);
        let output = OutputWeights::from(self.tie_word_embeddings);
        let stack = stack(self.max_positions()?, embedding, layers);
        decoder(self.vocab_size, stack, output, self.initializer_range)
    }
}

/// The `config.json` of a new model, with Llama's field names.
pub(super) fn config(family: &Family, size: &Size) -> Value {
    // Two thirds of 4 d_model, so that three matrices cost as much as GPT-2's two, rounded up to a
    // multiple of 32.
    let d_ff = size.d_ff.unwrap_or((8 * size.d_model).div_ceil(3).next_multiple_of(32));
    json!({
        "model_type": family.name(),
        "architectures": [family.primary().class],
        "vocab_size": size.vocab_size,
        "max_position_embeddings": size.context,
        "hidden_size": size.d_model,
        "intermediate_size": d_ff,
        "num_hidden_layers": size.n_layers,
        "num_attention_heads": size.n_heads,
        "num_key_value_heads": size.n_kv_heads.unwrap_or(size.n_heads),
        "head_dim": size.d_model / size.n_heads,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "rope_parameters": { "rope_type": "default", "rope_theta": 10_000.0 },
        "attention_dropout": size.dropout,
        "initializer_range": size.init_std(),
        "tie_word_embeddings": false,
        "bos_token_id": size.eos, "eos_token_id": size.eos,
        // Null, because the default of some families is beyond a small vocabulary.
        "pad_token_id": null,
        "dtype": "float32",
    })
}
