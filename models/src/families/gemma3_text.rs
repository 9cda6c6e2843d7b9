//! Gemma 3: Gemma 2 with norms on queries and keys instead of soft caps, five sliding-window layers
//! for each full one, and separate rotary frequencies for the two kinds.

use serde::Deserialize;
use serde_json::{Value, json};

use super::gemma_like::{self, GemmaFields};
use super::head_keys::LM_HEAD;
use super::llama_like::{KEYS, LlamaFields, QUERY_KEY_NORMS, RESULT_NORMS, SANDWICH_NORM};
use super::windows::slide;
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse, size};
use crate::hf::rope::Rotated;
use crate::layers::attention::QkNorm;
use crate::layers::norm::NormKind;
use crate::layers::position::PositionEncoding;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["gemma3_text"],
    summary: "decoder; Gemma 2 with norms on queries and keys, two sets of rotary frequencies",
    paper: "Gemma Team 2025, https://arxiv.org/abs/2503.19786",
    heads: &[
        head(Task::CausalLm, "Gemma3ForCausalLM", &[LM_HEAD]),
        head(Task::BaseModel, "Gemma3TextModel", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, RESULT_NORMS, SANDWICH_NORM, QUERY_KEY_NORMS],
};

/// Defaults of transformers' `Gemma3TextConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 262208, "hidden_size": 2304, "intermediate_size": 9216,
    "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4,
    "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh",
    "max_position_embeddings": 131072, "initializer_range": 0.02, "rms_norm_eps": 1e-6,
    "attention_bias": false, "tie_word_embeddings": true, "query_pre_attn_scalar": 256,
    "sliding_window": 4096, "rope_theta": 1000000.0, "rope_local_base_freq": 10000.0
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    llama: LlamaFields,
    #[serde(flatten)]
    gemma: GemmaFields,
    #[serde(alias = "_sliding_window_pattern")]
    sliding_window_pattern: Option<usize>,
    rope_local_base_freq: f64,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { mut llama, gemma, sliding_window_pattern, rope_local_base_freq } =
        parse(json, gemma_like::names(DEFAULTS))?;
    // Version 4's scaling applies to full layers only.
    let rope = &llama.rope;
    let local = rope.without_scaling().of_layer_type("sliding_attention", rope_local_base_freq);
    llama.rope = rope.of_layer_type("full_attention", rope.theta().unwrap_or(1_000_000.0));
    let mut full = gemma.layer(&llama)?;
    full.attention.qk_norm = QkNorm::PerHeadShared(NormKind::RmsOffset, full.norm.epsilon);
    let mut sliding = slide(full.clone(), Some(gemma.sliding_window))?;
    let d_head = full.attention.heads.d_head;
    sliding.attention.positions =
        PositionEncoding::Rotary(local.rotary(d_head, Rotated::Whole, llama.max_positions()?)?);
    let pattern = size("sliding_window_pattern", sliding_window_pattern.unwrap_or(6))?;
    let slides = |i: usize| !(i + 1).is_multiple_of(pattern);
    Ok(Architecture::decoder(gemma.decoder(&llama, &full, &sliding, slides)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let mut config = gemma_like::config(&FAMILY, size);
    let rope = |theta: f64| json!({ "rope_type": "default", "rope_theta": theta });
    config["rope_parameters"] =
        json!({ "full_attention": rope(1e6), "sliding_attention": rope(1e4) });
    Ok(config)
}
