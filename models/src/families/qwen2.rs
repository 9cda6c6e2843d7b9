//! Qwen 2: Llama with biases on queries, keys and values, and optional windows in the upper layers.

use serde::Deserialize;
use serde_json::Value;

use super::head_keys::{LM_HEAD, SCORE};
use super::llama_like::{self, FEED_FORWARD_NORM, KEYS, LlamaFields};
use super::windows::WindowFields;
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse};
use crate::layers::linear::Bias;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["qwen2"],
    summary: "decoder; Llama with biases on queries, keys and values",
    paper: "Yang et al. 2024, https://arxiv.org/abs/2407.10671",
    heads: &[
        head(Task::CausalLm, "Qwen2ForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "Qwen2ForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "Qwen2ForTokenClassification", &[SCORE]),
        head(Task::BaseModel, "Qwen2Model", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, FEED_FORWARD_NORM],
};

/// Defaults of transformers' `Qwen2Config`.
const DEFAULTS: &str = r#"{
    "vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
    "hidden_act": "silu", "max_position_embeddings": 32768, "initializer_range": 0.02,
    "rms_norm_eps": 1e-6, "tie_word_embeddings": false, "sliding_window": 4096,
    "max_window_layers": 28, "use_sliding_window": false
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    llama: LlamaFields,
    #[serde(flatten)]
    windows: WindowFields,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { llama, windows } = parse(json, DEFAULTS)?;
    let mut layer = llama.layer()?;
    layer.attention.bias.qkv = Bias::Present;
    let layers = windows.apply(&layer, llama.num_hidden_layers)?;
    Ok(Architecture::decoder(llama.decoder(layers)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    Ok(llama_like::config(&FAMILY, size))
}
