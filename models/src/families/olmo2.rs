//! OLMo 2: Llama with norms after the sub-layers instead of before them, and norms over all heads
//! of queries and of keys.

use serde_json::Value;

use super::head_keys::LM_HEAD;
use super::llama_like::{self, KEYS, LlamaFields, QUERY_KEY_NORMS, RESULT_NORMS};
use super::{Architecture, Family, Size, Task, head};
use crate::blocks::Wiring;
use crate::hf::config::{ConfigError, parse};
use crate::layers::attention::QkNorm;
use crate::layers::norm::NormKind;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["olmo2"],
    summary: "decoder; Llama with norms on the sub-layers' results, queries and keys",
    paper: "OLMo Team 2024, https://arxiv.org/abs/2501.00656",
    heads: &[
        head(Task::CausalLm, "Olmo2ForCausalLM", &[LM_HEAD]),
        head(Task::BaseModel, "Olmo2Model", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, RESULT_NORMS, QUERY_KEY_NORMS],
};

/// Defaults of transformers' `Olmo2Config`.
const DEFAULTS: &str = r#"{
    "vocab_size": 50304, "hidden_size": 4096, "intermediate_size": 11008,
    "num_hidden_layers": 32, "num_attention_heads": 32, "hidden_act": "silu",
    "max_position_embeddings": 2048, "initializer_range": 0.02, "rms_norm_eps": 1e-5,
    "attention_bias": false, "tie_word_embeddings": false
}"#;

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let llama: LlamaFields = parse(json, DEFAULTS)?;
    let mut layer = llama.layer()?;
    layer.wiring = Wiring::ReorderedNorm;
    layer.attention.qk_norm = QkNorm::Full(NormKind::Rms, layer.norm.epsilon);
    let layers = vec![layer; llama.num_hidden_layers];
    Ok(Architecture::decoder(llama.decoder(layers)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    Ok(llama_like::config(&FAMILY, size))
}
