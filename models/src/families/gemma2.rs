//! Gemma 2: Gemma with norms before and after each sub-layer, soft caps on scores and logits, and a
//! window in every other layer.

use serde::Deserialize;
use serde_json::Value;

use super::gemma_like::{self, GemmaFields, softcap};
use super::head_keys::{LM_HEAD, SCORE};
use super::llama_like::{KEYS, LlamaFields, RESULT_NORMS, SANDWICH_NORM};
use super::windows::slide;
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["gemma2"],
    summary: "decoder; Gemma with four norms per block, soft caps and alternating windows",
    paper: "Gemma Team 2024, https://arxiv.org/abs/2408.00118",
    heads: &[
        head(Task::CausalLm, "Gemma2ForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "Gemma2ForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "Gemma2ForTokenClassification", &[SCORE]),
        head(Task::BaseModel, "Gemma2Model", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, RESULT_NORMS, SANDWICH_NORM],
};

/// Defaults of transformers' `Gemma2Config`.
const DEFAULTS: &str = r#"{
    "vocab_size": 256000, "hidden_size": 2304, "intermediate_size": 9216,
    "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4,
    "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh", "max_position_embeddings": 8192,
    "initializer_range": 0.02, "rms_norm_eps": 1e-6, "attention_bias": false,
    "tie_word_embeddings": true, "query_pre_attn_scalar": 256, "sliding_window": 4096,
    "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    llama: LlamaFields,
    #[serde(flatten)]
    gemma: GemmaFields,
    attn_logit_softcapping: Option<f64>,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { llama, gemma, attn_logit_softcapping } =
        parse(json, gemma_like::names(DEFAULTS))?;
    let mut full = gemma.layer(&llama)?;
    full.attention.softmax_mut().softcap =
        softcap("attn_logit_softcapping", attn_logit_softcapping)?;
    let sliding = slide(full.clone(), Some(gemma.sliding_window))?;
    let decoder = gemma.decoder(&llama, &full, &sliding, |i| i.is_multiple_of(2))?;
    Ok(Architecture::decoder(decoder))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let mut config = gemma_like::config(&FAMILY, size);
    config["attn_logit_softcapping"] = 50.0.into();
    config["final_logit_softcapping"] = 30.0.into();
    Ok(config)
}
