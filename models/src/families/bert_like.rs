//! Fields, keys and heads that BERT and its descendants share: norms after the sub-layers and
//! learned positions.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::backbones::{dropout, init_std, stack};
use super::gpt_like::{Shape, layer};
use super::size::with;
use super::{Family, Size};
use crate::backbones::{
    EmbeddingConfig, EncoderConfig, OutputWeights, PositionEmbedding, PositionNumbering,
};
use crate::blocks::{BlockConfig, Wiring};
use crate::heads::pooling::Pooling;
use crate::heads::{ClassifierConfig, HeadsConfig, Pooler, PredictionHeadConfig, TokenHeadConfig};
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, divides, epsilon, fixed, size};
use crate::hf::keys::{Key, copy, drop, rename, transpose};
use crate::layers::activation::Activation;
use crate::layers::linear::Bias;
use crate::layers::mask::AttentionPattern;
use crate::layers::norm::{NormConfig, NormKind};

/// Embeddings and blocks.
pub(super) const KEYS: &[Key] = &[
    rename("embeddings.word_embeddings", "embedding.token"),
    rename("embeddings.position_embeddings", "embedding.position"),
    rename("embeddings.token_type_embeddings", "embedding.token_type"),
    rename("embeddings.LayerNorm", "embedding.norm"),
    transpose("encoder.layer.{}.attention.self.query", "layers.{}.attention.query"),
    transpose("encoder.layer.{}.attention.self.key", "layers.{}.attention.key"),
    transpose("encoder.layer.{}.attention.self.value", "layers.{}.attention.value"),
    transpose("encoder.layer.{}.attention.output.dense", "layers.{}.attention.output"),
    rename("encoder.layer.{}.attention.output.LayerNorm", "layers.{}.attention_norm"),
    transpose("encoder.layer.{}.intermediate.dense", "layers.{}.feed_forward.up"),
    transpose("encoder.layer.{}.output.dense", "layers.{}.feed_forward.down"),
    rename("encoder.layer.{}.output.LayerNorm", "layers.{}.feed_forward_norm"),
    // The position ids 0, 1, 2, …, which old files contain.
    drop("embeddings.position_ids"),
];

/// The pooler, which stays in the files of heads that do not use it.
pub(super) const POOLER: &[Key] = &[transpose("pooler.dense", "pooler.dense"), drop("pooler.*")];

/// RoBERTa's pooler in the multiple-choice head; its other heads omit it.
pub(super) const POOLED: &[Key] = &[transpose("roberta.pooler.dense", "transform.dense")];

/// A classifier with a hidden layer.
pub(super) const MLP_CLASSIFIER: &[Key] = &[
    transpose("classifier.dense", "transform.dense"),
    transpose("classifier.out_proj", "classifier"),
];

/// The masked-token head under RoBERTa's names.
pub(super) const LM_HEAD: &[Key] = &[
    transpose("lm_head.dense", "transform.dense"),
    rename("lm_head.layer_norm", "transform.norm"),
    rename("lm_head", "output"),
    transpose("lm_head.decoder", "lm_head"),
    copy("lm_head.decoder.weight", "embeddings.word_embeddings.weight"),
    copy("lm_head.decoder.bias", "lm_head.bias"),
];

/// The positions of an encoder.
#[derive(Debug, Clone, Copy)]
pub(super) struct EncoderPositions {
    /// Their embedding.
    pub(super) embedding: PositionEmbedding,
    /// The longest sequence, in tokens.
    pub(super) count: usize,
}

impl EncoderPositions {
    fn learned(numbering: PositionNumbering, count: usize) -> Self {
        Self { embedding: PositionEmbedding::Learned(numbering), count }
    }
}

/// Fields that most of these families have; a family adds its own.
#[derive(Deserialize)]
pub(super) struct BertFields {
    vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    pub(super) hidden_act: String,
    pub(super) hidden_dropout_prob: f64,
    attention_probs_dropout_prob: f64,
    pub(super) max_position_embeddings: usize,
    #[serde(default)]
    type_vocab_size: usize,
    initializer_range: f64,
    layer_norm_eps: f64,
    classifier_dropout: Option<f64>,
    embedding_size: Option<usize>,
    tie_word_embeddings: Option<bool>,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

impl BertFields {
    /// The fields without token types, for families whose reference ignores that field.
    pub(super) fn without_types(self) -> Self {
        Self { type_vocab_size: 0, ..self }
    }

    /// The fields without an embedding projection, for families whose embeddings have the width of
    /// the hidden states.
    pub(super) fn without_projection(self) -> Self {
        Self { embedding_size: None, ..self }
    }

    /// BERT's layer, which families modify.
    pub(super) fn layer(&self) -> Result<BlockConfig, ConfigError> {
        fixed(&self.other, "is_decoder", false)?;
        fixed(&self.other, "add_cross_attention", false)?;
        fixed(&self.other, "position_embedding_type", "absolute")?;
        let d_model = size("hidden_size", self.hidden_size)?;
        let n_heads = size("num_attention_heads", self.num_attention_heads)?;
        let mut layer = layer(Shape {
            d_model,
            n_heads,
            d_head: divides("num_attention_heads", n_heads, d_model)?,
            d_ff: size("intermediate_size", self.intermediate_size)?,
            activation: activation("hidden_act", &self.hidden_act)?,
            epsilon: epsilon("layer_norm_eps", self.layer_norm_eps)?,
        });
        layer.wiring = Wiring::PostNorm;
        layer.dropout = dropout("hidden_dropout_prob", self.hidden_dropout_prob)?;
        layer.attention.pattern = AttentionPattern::Full;
        let (field, p) = ("attention_probs_dropout_prob", self.attention_probs_dropout_prob);
        layer.attention.softmax_mut().dropout = dropout(field, p)?;
        Ok(layer)
    }

    /// Learned positions that start after the padding id, as in fairseq.
    pub(super) fn positions_behind_padding(&self) -> Result<EncoderPositions, ConfigError> {
        let id = self.other.get("pad_token_id").and_then(Value::as_u64).unwrap_or(1);
        let padding = usize::try_from(id).unwrap_or(usize::MAX);
        let rows = size("max_position_embeddings", self.max_position_embeddings)?;
        let Some(left) = rows.checked_sub(padding.saturating_add(1)).filter(|left| *left > 0)
        else {
            let reason = "it must be more than pad_token_id + 1";
            return Err(ConfigError::invalid("max_position_embeddings", rows, reason));
        };
        Ok(EncoderPositions::learned(PositionNumbering::SkipPadding { padding }, left))
    }

    /// Learned positions from 0 on.
    pub(super) fn positions_from_zero(&self) -> Result<EncoderPositions, ConfigError> {
        let count = size("max_position_embeddings", self.max_position_embeddings)?;
        Ok(EncoderPositions::learned(PositionNumbering::Sequential { offset: 0 }, count))
    }

    /// Features of the embedding tables.
    fn d_embedding(&self) -> Result<usize, ConfigError> {
        size("embedding_size", self.embedding_size.unwrap_or(self.hidden_size))
    }

    /// A norm over this many features.
    pub(super) fn norm(&self, d_model: usize) -> Result<NormConfig, ConfigError> {
        let epsilon = epsilon("layer_norm_eps", self.layer_norm_eps)?;
        Ok(NormConfig { kind: NormKind::Layer, d_model, epsilon })
    }

    /// An encoder with these layers.
    pub(super) fn encoder(
        &self,
        positions: EncoderPositions,
        layers: Vec<BlockConfig>,
    ) -> Result<EncoderConfig, ConfigError> {
        size("num_hidden_layers", layers.len())?;
        let d_embedding = self.d_embedding()?;
        let embedding = EmbeddingConfig {
            n_types: self.type_vocab_size,
            norm: Some(self.norm(d_embedding)?),
            dropout: dropout("hidden_dropout_prob", self.hidden_dropout_prob)?,
            ..EmbeddingConfig::new(d_embedding, positions.embedding)
        };
        let mut stack = stack(positions.count, embedding, layers);
        // A post-norm block ends with a norm.
        stack.norm = None;
        Ok(EncoderConfig {
            vocab_size: size("vocab_size", self.vocab_size)?,
            stack,
            init_std: init_std("initializer_range", self.initializer_range)?,
        })
    }

    /// BERT's heads, which families modify.
    pub(super) fn heads(&self) -> Result<HeadsConfig, ConfigError> {
        let d_model = self.hidden_size;
        let p = self.classifier_dropout.unwrap_or(self.hidden_dropout_prob);
        let p = dropout("classifier_dropout", p)?;
        let pooler = PredictionHeadConfig::new(d_model, Activation::Tanh);
        let classifier = ClassifierConfig {
            pooling: Pooling::First,
            end: None,
            transform: Some(pooler),
            bias: Bias::Present,
            dropout: [0.0, p],
        };
        Ok(HeadsConfig {
            masked_lm: Some(self.masked_lm(activation("hidden_act", &self.hidden_act)?)?),
            masked_lm_output: OutputWeights::from(self.tie_word_embeddings.unwrap_or(true)),
            pooler: Pooler::Dense(pooler),
            tokens: TokenHeadConfig { transform: None, dropout: p },
            ..HeadsConfig::new(classifier)
        })
    }

    /// The transform of the masked-token head.
    pub(super) fn masked_lm(
        &self,
        activation: Activation,
    ) -> Result<PredictionHeadConfig, ConfigError> {
        let d_embedding = self.d_embedding()?;
        Ok(PredictionHeadConfig {
            width: [self.hidden_size, d_embedding],
            norm: Some(self.norm(d_embedding)?),
            ..PredictionHeadConfig::new(d_embedding, activation)
        })
    }
}

/// The `config.json` of a new model, with BERT's field names.
pub(super) fn config(family: &Family, size: &Size, more: Value) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    let config = json!({
        "model_type": family.name(), "architectures": [family.primary().class],
        "vocab_size": size.vocab_size, "max_position_embeddings": size.context,
        "hidden_size": size.d_model, "intermediate_size": size.d_ff.unwrap_or(4 * size.d_model),
        "num_hidden_layers": size.n_layers, "num_attention_heads": size.n_heads,
        "hidden_act": "gelu", "hidden_dropout_prob": size.dropout,
        "attention_probs_dropout_prob": size.dropout, "type_vocab_size": 2,
        "layer_norm_eps": 1e-12, "initializer_range": size.init_std(), "pad_token_id": 0,
        "bos_token_id": null, "eos_token_id": size.eos, "dtype": "float32",
    });
    Ok(with(config, more))
}
