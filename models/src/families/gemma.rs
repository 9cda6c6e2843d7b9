//! Gemma: Llama with a tanh GELU, norms with a scale of 1 + weight, and embeddings scaled by the
//! square root of their width.

use serde::Deserialize;
use serde_json::Value;

use super::gemma_like;
use super::head_keys::{LM_HEAD, SCORE};
use super::llama_like::{self, FEED_FORWARD_NORM, KEYS, LlamaFields};
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse};
use crate::layers::activation::Activation;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["gemma"],
    summary: "decoder; Llama with GeGLU, scaled embeddings and offset norms",
    paper: "Gemma Team 2024, https://arxiv.org/abs/2403.08295",
    heads: &[
        head(Task::CausalLm, "GemmaForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "GemmaForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "GemmaForTokenClassification", &[SCORE]),
        head(Task::BaseModel, "GemmaModel", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, FEED_FORWARD_NORM],
};

/// Defaults of transformers' `GemmaConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 256000, "hidden_size": 3072, "intermediate_size": 24576,
    "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 16,
    "head_dim": 256, "hidden_act": "gelu_pytorch_tanh", "max_position_embeddings": 8192,
    "initializer_range": 0.02, "rms_norm_eps": 1e-6, "attention_bias": false,
    "tie_word_embeddings": true
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    llama: LlamaFields,
    use_bidirectional_attention: Option<bool>,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, DEFAULTS)?;
    let mut layer = gemma_like::layer(&json.llama, json.use_bidirectional_attention)?;
    if json.llama.hidden_act == "gelu" {
        // Old files contain the exact GELU and mean the tanh form; transformers interprets them so
        // too.
        layer.feed_forward.activation = Activation::GeluTanh;
    }
    let layers = vec![layer; json.llama.num_hidden_layers];
    Ok(Architecture::decoder(gemma_like::decoder(&json.llama, layers)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let mut config = llama_like::config(&FAMILY, size);
    config["hidden_act"] = "gelu_pytorch_tanh".into();
    config["tie_word_embeddings"] = true.into();
    Ok(config)
}
