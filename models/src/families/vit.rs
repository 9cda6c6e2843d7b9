//! ViT: BERT for images, over patches instead of tokens and with norms before the sub-layers. DeiT
//! is nearly the same.

use serde::Deserialize;
use serde_json::{Value, json};

use super::bert_like::POOLER;
use super::head_keys::CLASSIFIER;
use super::vit_like::{self, ImageFields, KEYS, heads};
use super::{Architecture, Family, Size, Task, head};
use crate::heads::pooling::Pooling;
use crate::heads::{Pooler, PredictionHeadConfig};
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, parse, size};
use crate::hf::keys::{Key, rename, transpose};
use crate::layers::patches::LeadingTokens;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["vit"],
    summary: "encoder of images; learned positions, LayerNorm, GELU",
    paper: "Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929",
    heads: &[
        head(Task::ImageClassifier, "ViTForImageClassification", &[CLASSIFIER]),
        head(Task::BaseModel, "ViTModel", &[]),
    ],
    architecture: |json| architecture(json, LeadingTokens::Class),
    config: |size| config(&FAMILY, size),
    prefix: "vit",
    keys: &[KEYS, BLOCK_KEYS, POOLER],
};

/// Norms and feed-forward layers.
pub(super) const BLOCK_KEYS: &[Key] = &[
    rename("encoder.layer.{}.layernorm_before", "layers.{}.attention_norm"),
    rename("encoder.layer.{}.layernorm_after", "layers.{}.feed_forward_norm"),
    transpose("encoder.layer.{}.intermediate.dense", "layers.{}.feed_forward.up"),
    transpose("encoder.layer.{}.output.dense", "layers.{}.feed_forward.down"),
];

/// Defaults of transformers' `ViTConfig`.
const DEFAULTS: &str = r#"{
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "hidden_act": "gelu", "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0, "initializer_range": 0.02, "layer_norm_eps": 1e-12,
    "image_size": 224, "patch_size": 16, "num_channels": 3, "qkv_bias": true, "pooler_act": "tanh"
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    image: ImageFields,
    intermediate_size: usize,
    pooler_output_size: Option<usize>,
    pooler_act: String,
}

/// ViT with these leading tokens.
pub(super) fn architecture(json: &str, tokens: LeadingTokens) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, DEFAULTS)?;
    let layer = json.image.layer(size("intermediate_size", json.intermediate_size)?)?;
    let encoder = json.image.encoder(tokens, layer)?;
    let d_model = encoder.stack.d_model;
    let d_pooled = size("pooler_output_size", json.pooler_output_size.unwrap_or(d_model))?;
    let pooler = PredictionHeadConfig {
        width: [d_model, d_pooled],
        ..PredictionHeadConfig::new(d_model, activation("pooler_act", &json.pooler_act)?)
    };
    Ok(Architecture::vision(encoder, heads(Pooling::First, Pooler::Dense(pooler))))
}

/// The `config.json` of a new model of this family.
pub(super) fn config(family: &Family, size: &Size) -> Result<Value, ConfigError> {
    let more = json!({
        "intermediate_size": size.d_ff.unwrap_or(4 * size.d_model), "layer_norm_eps": 1e-12,
        "pooler_output_size": size.d_model, "pooler_act": "tanh",
    });
    vit_like::config(family, size, more)
}
