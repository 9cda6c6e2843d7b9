//! Fields and keys that BART and its descendants share: LayerNorm, biases, and one token table for
//! the encoder, the decoder and the output projection.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::backbones::{dropout, init_std, stack};
use super::gpt_like::{Shape, layer};
use super::size::with;
use super::{Family, Size};
use crate::backbones::{
    EmbeddingConfig, EncoderDecoderConfig, OutputBias, OutputWeights, PositionEmbedding, Shift,
    StackConfig,
};
use crate::blocks::Wiring;
use crate::heads::HeadsConfig;
use crate::hf::activation::activation;
use crate::hf::config::{
    ConfigError, FieldNames, Renaming, divides, epsilon, fixed, renaming, size,
};
use crate::hf::keys::{Key, copy, drop, rename, transpose};
use crate::layers::mask::AttentionPattern;
use crate::layers::norm::{NormConfig, NormKind};

/// The token table and the blocks.
pub(super) const KEYS: &[Key] = &[
    rename("shared", "token"),
    copy("encoder.embed_tokens.weight", "shared.weight"),
    copy("decoder.embed_tokens.weight", "shared.weight"),
    transpose("encoder.layers.{}.self_attn.q_proj", "encoder.layers.{}.attention.query"),
    transpose("encoder.layers.{}.self_attn.k_proj", "encoder.layers.{}.attention.key"),
    transpose("encoder.layers.{}.self_attn.v_proj", "encoder.layers.{}.attention.value"),
    transpose("encoder.layers.{}.self_attn.out_proj", "encoder.layers.{}.attention.output"),
    rename("encoder.layers.{}.self_attn_layer_norm", "encoder.layers.{}.attention_norm"),
    transpose("encoder.layers.{}.fc1", "encoder.layers.{}.feed_forward.up"),
    transpose("encoder.layers.{}.fc2", "encoder.layers.{}.feed_forward.down"),
    rename("encoder.layers.{}.final_layer_norm", "encoder.layers.{}.feed_forward_norm"),
    transpose("decoder.layers.{}.self_attn.q_proj", "decoder.layers.{}.attention.query"),
    transpose("decoder.layers.{}.self_attn.k_proj", "decoder.layers.{}.attention.key"),
    transpose("decoder.layers.{}.self_attn.v_proj", "decoder.layers.{}.attention.value"),
    transpose("decoder.layers.{}.self_attn.out_proj", "decoder.layers.{}.attention.output"),
    rename("decoder.layers.{}.self_attn_layer_norm", "decoder.layers.{}.attention_norm"),
    transpose("decoder.layers.{}.encoder_attn.q_proj", "decoder.layers.{}.cross_attention.query"),
    transpose("decoder.layers.{}.encoder_attn.k_proj", "decoder.layers.{}.cross_attention.key"),
    transpose("decoder.layers.{}.encoder_attn.v_proj", "decoder.layers.{}.cross_attention.value"),
    transpose(
        "decoder.layers.{}.encoder_attn.out_proj",
        "decoder.layers.{}.cross_attention.output",
    ),
    rename("decoder.layers.{}.encoder_attn_layer_norm", "decoder.layers.{}.cross_attention_norm"),
    transpose("decoder.layers.{}.fc1", "decoder.layers.{}.feed_forward.up"),
    transpose("decoder.layers.{}.fc2", "decoder.layers.{}.feed_forward.down"),
    rename("decoder.layers.{}.final_layer_norm", "decoder.layers.{}.feed_forward_norm"),
];

/// Learned positions.
pub(super) const POSITIONS: &[Key] = &[
    rename("encoder.embed_positions", "encoder.embedding.position"),
    rename("decoder.embed_positions", "decoder.embedding.position"),
];

/// Computed positions, which some files contain.
pub(super) const SINUSOIDS: &[Key] =
    &[drop("encoder.embed_positions.*"), drop("decoder.embed_positions.*")];

/// Computed position tables that files contain nevertheless.
pub(super) const STORED_SINUSOIDS: &[Key] = &[
    rename("encoder.embed_positions", "encoder.embedding.sinusoid"),
    rename("decoder.embed_positions", "decoder.embedding.sinusoid"),
];

/// The norms of the embeddings.
pub(super) const EMBEDDING_NORMS: &[Key] = &[
    rename("encoder.layernorm_embedding", "encoder.embedding.norm"),
    rename("decoder.layernorm_embedding", "decoder.embedding.norm"),
];

/// The final norms.
pub(super) const FINAL_NORMS: &[Key] =
    &[rename("encoder.layer_norm", "encoder.norm"), rename("decoder.layer_norm", "decoder.norm")];

/// The output projection, a copy of the token embeddings.
pub(super) const TIED_HEAD: &[Key] =
    &[transpose("lm_head", "lm_head"), copy("lm_head.weight", "shared.weight")];

/// The constant bias of the logits, which has no module in the file.
pub(super) const LOGITS_BIAS: &[Key] = &[rename("", "output")];

/// The sequence classifier.
pub(super) const CLASSIFICATION_HEAD: &[Key] = &[
    transpose("classification_head.dense", "transform.dense"),
    transpose("classification_head.out_proj", "classifier"),
];

/// Norms after the sub-layers, in the encoder and in the decoder.
pub(super) const POST_NORM: [Wiring; 2] = [Wiring::PostNorm, Wiring::PostNormDecoder];

/// Norms before the sub-layers, in the encoder and in the decoder, with a final norm after the last
/// block.
pub(super) const PRE_NORM: [Wiring; 2] = [Wiring::PreNorm, Wiring::PreNormDecoder];

/// The epsilon of every norm: the configs do not contain it.
pub(super) const EPSILON: f64 = 1e-5;

/// The names that transformers has for all families, for the encoder's sizes.
const ALIASES: &[Renaming] = &[
    renaming("num_attention_heads", "encoder_attention_heads"),
    renaming("hidden_size", "d_model"),
    renaming("num_hidden_layers", "encoder_layers"),
];

/// The field names of a config, with these defaults.
pub(super) const fn names(defaults: &'static str) -> FieldNames {
    FieldNames { defaults, aliases: ALIASES, shared: &[] }
}

/// The differences between these families.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// [`POST_NORM`] or [`PRE_NORM`].
    pub(super) wiring: [Wiring; 2],
    /// The position embeddings.
    pub(super) positions: PositionEmbedding,
    /// The norm of the embeddings, if there is one.
    pub(super) embedding_norm: Option<NormKind>,
    /// The epsilon of every norm.
    pub(super) epsilon: f64,
    /// The bias of the logits.
    pub(super) output_bias: OutputBias,
}

/// Fields that all of these families have; a family adds its own.
///
/// `encoder_layerdrop` and `decoder_layerdrop` are not included: the probabilities of dropping a
/// whole layer in training, which is not implemented and affects nothing else.
#[derive(Deserialize)]
pub(super) struct BartFields {
    vocab_size: usize,
    max_position_embeddings: usize,
    d_model: usize,
    encoder_layers: usize,
    encoder_attention_heads: usize,
    encoder_ffn_dim: usize,
    decoder_layers: usize,
    decoder_attention_heads: usize,
    decoder_ffn_dim: usize,
    activation_function: String,
    dropout: f64,
    attention_dropout: f64,
    activation_dropout: f64,
    scale_embedding: bool,
    init_std: f64,
    decoder_start_token_id: Option<u32>,
    bos_token_id: Option<u32>,
    classifier_dropout: Option<f64>,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

/// The differences between the encoder and the decoder.
struct Side {
    wiring: Wiring,
    pattern: AttentionPattern,
    n_layers: usize,
    n_heads: usize,
    d_head: usize,
    d_ff: usize,
}

impl BartFields {
    /// The model.
    pub(super) fn model(&self, form: &Form) -> Result<EncoderDecoderConfig, ConfigError> {
        let is_pre_norm = form.wiring == PRE_NORM;
        let is_sinusoidal = matches!(
            form.positions,
            PositionEmbedding::Sinusoidal(..) | PositionEmbedding::StoredSinusoidal(_)
        );
        fixed(&self.other, "is_encoder_decoder", true)?;
        fixed(&self.other, "tie_word_embeddings", true)?;
        // transformers 3 distinguished the families by these fields, which old files contain.
        fixed(&self.other, "normalize_before", is_pre_norm)?;
        fixed(&self.other, "add_final_layer_norm", is_pre_norm)?;
        fixed(&self.other, "normalize_embedding", form.embedding_norm.is_some())?;
        fixed(&self.other, "static_position_embeddings", is_sinusoidal)?;
        if is_sinusoidal && !self.d_model.is_multiple_of(2) {
            let reason = "it must be even: there is a sine and a cosine of each frequency";
            return Err(ConfigError::invalid("d_model", self.d_model, reason));
        }
        let vocab_size = size("vocab_size", self.vocab_size)?;
        let d_model = size("d_model", self.d_model)?;
        let n_heads = size("encoder_attention_heads", self.encoder_attention_heads)?;
        let encoder = Side {
            wiring: form.wiring[0],
            pattern: AttentionPattern::Full,
            n_layers: size("encoder_layers", self.encoder_layers)?,
            n_heads,
            d_head: divides("encoder_attention_heads", n_heads, d_model)?,
            d_ff: size("encoder_ffn_dim", self.encoder_ffn_dim)?,
        };
        let n_heads = size("decoder_attention_heads", self.decoder_attention_heads)?;
        let decoder = Side {
            wiring: form.wiring[1],
            pattern: AttentionPattern::Causal,
            n_layers: size("decoder_layers", self.decoder_layers)?,
            n_heads,
            d_head: divides("decoder_attention_heads", n_heads, d_model)?,
            d_ff: size("decoder_ffn_dim", self.decoder_ffn_dim)?,
        };
        Ok(EncoderDecoderConfig {
            vocab_size,
            encoder: self.side(&encoder, form)?,
            decoder: self.side(&decoder, form)?,
            output: OutputWeights::Tied,
            output_scale: 1.0,
            output_bias: form.output_bias,
            // The same choice as in transformers' `generate`.
            start: start(self.decoder_start_token_id.or(self.bos_token_id), vocab_size)?,
            shift: Shift::Start,
            init_std: init_std("init_std", self.init_std)?,
        })
    }

    /// The supported heads.
    pub(super) fn heads(&self) -> Result<HeadsConfig, ConfigError> {
        let p = dropout("classifier_dropout", self.classifier_dropout.unwrap_or(0.0))?;
        Ok(HeadsConfig::of_encoder_decoder(self.d_model, end(&self.other), p))
    }

    fn side(&self, side: &Side, form: &Form) -> Result<StackConfig, ConfigError> {
        let d_model = self.d_model;
        let epsilon = epsilon("layer_norm_eps", form.epsilon)?;
        let mut layer = layer(Shape {
            d_model,
            n_heads: side.n_heads,
            d_head: side.d_head,
            d_ff: side.d_ff,
            activation: activation("activation_function", &self.activation_function)?,
            epsilon,
        });
        layer.wiring = side.wiring;
        layer.dropout = dropout("dropout", self.dropout)?;
        layer.attention.pattern = side.pattern;
        layer.attention.softmax_mut().dropout =
            dropout("attention_dropout", self.attention_dropout)?;
        layer.feed_forward.dropout = dropout("activation_dropout", self.activation_dropout)?;
        let embedding = EmbeddingConfig {
            norm: form.embedding_norm.map(|kind| NormConfig { kind, d_model, epsilon }),
            scale: if self.scale_embedding { (d_model as f64).sqrt() } else { 1.0 },
            dropout: layer.dropout,
            ..EmbeddingConfig::new(d_model, form.positions)
        };
        let max_positions = size("max_position_embeddings", self.max_position_embeddings)?;
        let layers = vec![layer; side.n_layers];
        let mut stack = stack(max_positions, embedding, layers);
        // A post-norm block ends with a norm.
        stack.norm = stack.norm.filter(|_| form.wiring == PRE_NORM);
        Ok(stack)
    }
}

/// The end-of-text token.
pub(super) fn end(fields: &Map<String, Value>) -> Option<u32> {
    fields.get("eos_token_id")?.as_u64()?.try_into().ok()
}

/// Checks the start token of the decoder.
pub(super) fn start(token: Option<u32>, vocab_size: usize) -> Result<u32, ConfigError> {
    let invalid = |value: String, reason: &str| {
        Err(ConfigError::invalid("decoder_start_token_id", value, reason))
    };
    match token {
        Some(token) if (token as usize) < vocab_size => Ok(token),
        Some(token) => invalid(token.to_string(), "it must be below vocab_size"),
        None => invalid("null".to_string(), "the decoder needs a start token"),
    }
}

/// The `config.json` of a new model, with BART's field names.
pub(super) fn config(family: &Family, size: &Size, more: Value) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    let d_ff = size.d_ff.unwrap_or(4 * size.d_model);
    let config = json!({
        "model_type": family.name(), "architectures": [family.primary().class], "is_encoder_decoder": true,
        "vocab_size": size.vocab_size, "max_position_embeddings": size.context,
        "d_model": size.d_model, "encoder_ffn_dim": d_ff, "decoder_ffn_dim": d_ff,
        "encoder_layers": size.n_layers, "decoder_layers": size.n_layers,
        "encoder_attention_heads": size.n_heads, "decoder_attention_heads": size.n_heads,
        "activation_function": "relu", "scale_embedding": true, "dropout": size.dropout,
        "attention_dropout": size.dropout, "activation_dropout": size.dropout,
        "encoder_layerdrop": 0.0, "decoder_layerdrop": 0.0, "init_std": size.init_std(),
        "pad_token_id": 0, "bos_token_id": null, "eos_token_id": size.eos,
        "forced_eos_token_id": size.eos, "decoder_start_token_id": 0, "dtype": "float32",
    });
    Ok(with(config, more))
}
