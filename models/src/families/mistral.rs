//! Mistral: Llama, with a sliding window until version 0.2.

use serde::Deserialize;
use serde_json::Value;

use super::head_keys::{LM_HEAD, SCORE};
use super::llama_like::{self, FEED_FORWARD_NORM, KEYS, LlamaFields};
use super::windows::slide;
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["mistral"],
    summary: "decoder; Llama with a sliding window",
    paper: "Jiang et al. 2023, https://arxiv.org/abs/2310.06825",
    heads: &[
        head(Task::CausalLm, "MistralForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "MistralForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "MistralForTokenClassification", &[SCORE]),
        head(Task::BaseModel, "MistralModel", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, FEED_FORWARD_NORM],
};

/// Defaults of transformers' `MistralConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "hidden_act": "silu",
    "max_position_embeddings": 131072, "initializer_range": 0.02, "rms_norm_eps": 1e-6,
    "sliding_window": 4096, "tie_word_embeddings": false
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    llama: LlamaFields,
    sliding_window: Option<usize>,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { llama, sliding_window } = parse(json, DEFAULTS)?;
    let layers = vec![slide(llama.layer()?, sliding_window)?; llama.num_hidden_layers];
    Ok(Architecture::decoder(llama.decoder(layers)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let mut config = llama_like::config(&FAMILY, size);
    config["sliding_window"] = Value::Null;
    Ok(config)
}
