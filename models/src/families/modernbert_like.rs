//! The fields of ModernBERT's config, and its layers and heads.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Architecture;
use super::backbones::dropout;
use super::bert_like::{BertFields, EncoderPositions};
use super::windows::{self, layer_types};
use crate::backbones::PositionEmbedding;
use crate::blocks::{BlockConfig, Wiring};
use crate::heads::pooling::Pooling;
use crate::heads::{HeadsConfig, Pooler, PredictionHeadConfig};
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, FieldNames, fixed, parse, renaming, size};
use crate::hf::rope::{RopeFields, Rotated};
use crate::layers::attention::ProjectionBias;
use crate::layers::feed_forward::FeedForwardKind;
use crate::layers::linear::Bias;
use crate::layers::mask::AttentionPattern;
use crate::layers::norm::NormKind;
use crate::layers::position::PositionEncoding;

/// Defaults of transformers' `ModernBertConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 50368, "hidden_size": 768, "intermediate_size": 1152, "num_hidden_layers": 22,
    "num_attention_heads": 12, "hidden_activation": "gelu", "max_position_embeddings": 8192,
    "initializer_range": 0.02, "norm_eps": 1e-5, "local_attention": 128, "embedding_dropout": 0.0,
    "mlp_dropout": 0.0, "classifier_pooling": "cls", "classifier_dropout": 0.0,
    "classifier_activation": "gelu", "global_attn_every_n_layers": 3,
    "global_rope_theta": 160000.0, "local_rope_theta": 10000.0, "attention_dropout": 0.0
}"#;

/// The family's names for BERT's fields.
const NAMES: FieldNames = FieldNames {
    defaults: DEFAULTS,
    aliases: &[],
    shared: &[
        renaming("hidden_activation", "hidden_act"),
        renaming("norm_eps", "layer_norm_eps"),
        renaming("embedding_dropout", "hidden_dropout_prob"),
        renaming("attention_dropout", "attention_probs_dropout_prob"),
    ],
};

#[derive(Deserialize)]
struct ConfigJson {
    mlp_dropout: f64,
    local_attention: usize,
    layer_types: Option<Vec<String>>,
    global_attn_every_n_layers: usize,
    global_rope_theta: f64,
    local_rope_theta: f64,
    classifier_pooling: String,
    classifier_activation: String,
    #[serde(flatten)]
    rope: RopeFields,
    #[serde(flatten)]
    bert: BertFields,
}

/// Rejects the reference's other biases, and its dropout of attention weights.
fn refuse_variants(fields: &Map<String, Value>) -> Result<(), ConfigError> {
    for bias in ["attention_bias", "mlp_bias", "norm_bias", "classifier_bias"] {
        fixed(fields, bias, false)?;
    }
    fixed(fields, "decoder_bias", true)?;
    fixed(fields, "attention_dropout", 0.0)
}

/// The encoder and the heads of a config.
pub(super) fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    // Checked before fields are renamed, so that errors have the names of the file.
    refuse_variants(&serde_json::from_str(json)?)?;
    let mut json: ConfigJson = parse(json, NAMES)?;
    json.bert = json.bert.without_types().without_projection();
    let max_positions = size("max_position_embeddings", json.bert.max_position_embeddings)?;
    let positions = EncoderPositions { embedding: PositionEmbedding::None, count: max_positions };
    let [global, local] = json.layers(max_positions)?;
    let every = size("global_attn_every_n_layers", json.global_attn_every_n_layers)?;
    let n_layers = json.bert.num_hidden_layers;
    let types = layer_types(json.layer_types.clone(), n_layers, |i| !i.is_multiple_of(every))?;
    let mut layers = windows::layers(types, &global, &local);
    if let Some(first) = layers.first_mut() {
        // The norm of the embeddings comes directly before it.
        first.wiring = Wiring::NoAttentionNorm;
    }
    let mut encoder = json.bert.encoder(positions, layers)?;
    encoder.stack.norm = Some(global.norm);
    encoder.stack.embedding.norm = Some(global.norm);
    Ok(Architecture::encoder(encoder, json.heads(&global)?))
}

impl ConfigJson {
    /// A layer with full attention and a layer with local attention.
    fn layers(&self, max_positions: usize) -> Result<[BlockConfig; 2], ConfigError> {
        let mut global = self.bert.layer()?;
        global.wiring = Wiring::PreNorm;
        global.norm.kind = NormKind::LayerWithoutBias;
        global.dropout = 0.0;
        let feed_forward = &mut global.feed_forward;
        (feed_forward.kind, feed_forward.bias) = (FeedForwardKind::Gated, Bias::Absent);
        feed_forward.dropout = dropout("mlp_dropout", self.mlp_dropout)?;
        let attention = &mut global.attention;
        attention.bias = ProjectionBias::all(Bias::Absent);
        let near = self.rope.of_layer_type("sliding_attention", self.local_rope_theta);
        let far = self.rope.of_layer_type("full_attention", self.global_rope_theta);
        let d_head = attention.heads.d_head;
        let rotary = |rope: &RopeFields| rope.rotary(d_head, Rotated::Whole, max_positions);
        attention.positions = PositionEncoding::Rotary(rotary(&far)?);
        let mut local = global.clone();
        local.attention.pattern = AttentionPattern::Local(self.local_attention / 2);
        local.attention.positions = PositionEncoding::Rotary(rotary(&near)?);
        Ok([global, local])
    }

    /// The heads, all with the same transform.
    fn heads(&self, layer: &BlockConfig) -> Result<HeadsConfig, ConfigError> {
        let activation = activation("classifier_activation", &self.classifier_activation)?;
        let transform = PredictionHeadConfig {
            bias: Bias::Absent,
            norm: Some(layer.norm),
            ..PredictionHeadConfig::new(layer.norm.d_model, activation)
        };
        let mut heads = self.bert.heads()?;
        heads.masked_lm = Some(transform);
        heads.pooler = Pooler::Absent;
        heads.classifier.transform = Some(transform);
        heads.classifier.pooling = match self.classifier_pooling.as_str() {
            "cls" => Pooling::First,
            "mean" => Pooling::Mean,
            other => {
                return Err(ConfigError::unsupported("classifier_pooling", other, "cls, mean"));
            }
        };
        heads.choice = heads.classifier;
        heads.tokens.transform = Some(transform);
        Ok(heads)
    }
}
