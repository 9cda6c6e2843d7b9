//! Llama: GPT-2 with rotary positions in halves, RMSNorm, a gated feed-forward layer, grouped keys
//! and values, no biases, and an untied output projection.

use serde_json::Value;

use super::head_keys::{LM_HEAD, SCORE};
use super::llama_like::{self, FEED_FORWARD_NORM, KEYS, LlamaFields};
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["llama"],
    summary: "decoder; rotary positions, RMSNorm, SwiGLU, grouped-query attention",
    paper: "Touvron et al. 2023, https://arxiv.org/abs/2302.13971",
    heads: &[
        head(Task::CausalLm, "LlamaForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "LlamaForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "LlamaForTokenClassification", &[SCORE]),
        head(Task::BaseModel, "LlamaModel", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, FEED_FORWARD_NORM],
};

/// Defaults of transformers' `LlamaConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "hidden_act": "silu", "max_position_embeddings": 2048,
    "initializer_range": 0.02, "rms_norm_eps": 1e-6, "attention_bias": false, "mlp_bias": false,
    "tie_word_embeddings": false
}"#;

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: LlamaFields = parse(json, DEFAULTS)?;
    let layers = vec![json.layer()?; json.num_hidden_layers];
    Ok(Architecture::decoder(json.decoder(layers)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    Ok(llama_like::config(&FAMILY, size))
}
