//! Phi 3: Llama, with queries, keys and values in one matrix of the checkpoint, gate and up in another,
//! and a window in every layer.

use serde::Deserialize;
use serde_json::Value;

use super::head_keys::{LM_HEAD, SCORE};
use super::llama_like::{self, FEED_FORWARD_NORM, KEYS, LlamaFields};
use super::windows::slide;
use super::{Architecture, Family, Size, Task};
use crate::wire::config::{ConfigError, parse, within};
use crate::wire::keys::{Key, split_transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["phi3"],
    summary: "decoder; Llama with fused matrices and a sliding window",
    paper: "Abdin et al. 2024, https://arxiv.org/abs/2404.14219",
    tasks: &[
        (Task::CausalLm, "Phi3ForCausalLM", LM_HEAD),
        (Task::SequenceClassifier, "Phi3ForSequenceClassification", SCORE),
        (Task::TokenClassifier, "Phi3ForTokenClassification", SCORE),
        (Task::Backbone, "Phi3Model", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[FUSED, KEYS, FEED_FORWARD_NORM],
};

/// Before Llama's table, whose rules for the parts they replace.
const FUSED: &[Key] = &[
    split_transpose(
        "layers.{}.self_attn.qkv_proj",
        &["layers.{}.attention.query", "layers.{}.attention.key", "layers.{}.attention.value"],
    ),
    split_transpose(
        "layers.{}.mlp.gate_up_proj",
        &["layers.{}.feed_forward.gate", "layers.{}.feed_forward.up"],
    ),
];

/// Defaults of transformers' config class.
const DEFAULTS: &str = r#"{
    "vocab_size": 32064, "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32,
    "num_attention_heads": 32, "hidden_act": "silu", "max_position_embeddings": 4096,
    "initializer_range": 0.02, "rms_norm_eps": 1e-5, "tie_word_embeddings": false,
    "resid_pdrop": 0.0
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    llama: LlamaFields,
    sliding_window: Option<usize>,
    resid_pdrop: f64,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { llama, sliding_window, resid_pdrop } = parse(json, DEFAULTS)?;
    let mut layer = llama.layer()?;
    layer.dropout = within("resid_pdrop", resid_pdrop, [0.0, 1.0])?;
    let layers = vec![slide(layer, sliding_window)?; llama.num_hidden_layers];
    Ok(Architecture::Decoder(llama.decoder(layers)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let mut config = llama_like::config(size, "phi3", "Phi3ForCausalLM");
    config["resid_pdrop"] = size.dropout.into();
    config["sliding_window"] = Value::Null;
    Ok(config)
}
