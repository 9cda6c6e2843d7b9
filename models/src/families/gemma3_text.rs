//! Gemma 3: Gemma 2, with norms on queries and keys instead of soft caps, five windowed layers to each
//! full one, and rotary frequencies of their own for both.

use serde::Deserialize;
use serde_json::Value;

use super::llama_like::{self, KEYS, LlamaFields, QUERY_KEY_NORMS, SANDWICH_NORMS};
use super::windows::{LayerType, layer_types, softcap};
use super::{Architecture, Family, Size, Task};
use crate::arch::block::Wiring;
use crate::layers::attention::QueryKeyNorm;
use crate::layers::mask::Span;
use crate::layers::norm::NormKind;
use crate::layers::position::PositionScheme;
use crate::wire::config::{ConfigError, parse, size, within};
use crate::wire::rope::Rotated;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["gemma3_text"],
    summary: "decoder; Gemma 2 with norms on queries and keys, two sets of rotary frequencies",
    paper: "Gemma Team 2025, https://arxiv.org/abs/2503.19786",
    tasks: &[(Task::CausalLm, "Gemma3ForCausalLM"), (Task::Backbone, "Gemma3TextModel")],
    architecture,
    config,
    keys: &[KEYS, SANDWICH_NORMS, QUERY_KEY_NORMS],
};

/// What transformers assumes where a file says nothing.
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
    query_pre_attn_scalar: f64,
    sliding_window: usize,
    layer_types: Option<Vec<String>>,
    #[serde(alias = "_sliding_window_pattern")]
    sliding_window_pattern: Option<usize>,
    rope_local_base_freq: f64,
    final_logit_softcapping: Option<f64>,
    use_bidirectional_attention: Option<bool>,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let mut json: ConfigJson = parse(json, DEFAULTS)?;
    if json.use_bidirectional_attention == Some(true) {
        return Err(ConfigError::unsupported("use_bidirectional_attention", true, "false"));
    }
    let (sliding, full) = json.llama.rope.by_layer_type(json.rope_local_base_freq);
    json.llama.rope = full;
    let mut layer = json.llama.layer()?;
    layer.wiring = Wiring::Sandwich;
    layer.norm.kind = NormKind::RmsOffset;
    let attention = &mut layer.attention;
    attention.query_key_norm = QueryKeyNorm::PerHead(NormKind::RmsOffset, layer.norm.epsilon);
    let scalar = json.query_pre_attn_scalar;
    attention.scale = within("query_pre_attn_scalar", scalar, [f64::MIN_POSITIVE, 1e9])?.powf(-0.5);
    let window = Span::Window(size("sliding_window", json.sliding_window)?);
    let head = (attention.d_head, Rotated::Whole);
    let local = PositionScheme::Rotary(sliding.rotary(head, json.llama.max_positions()?)?);
    let pattern = size("sliding_window_pattern", json.sliding_window_pattern.unwrap_or(6))?;
    let n_layers = json.llama.num_hidden_layers;
    let types = layer_types(json.layer_types, n_layers, |i| (i + 1) % pattern != 0)?;
    let of = |layer_type: LayerType| {
        let mut layer = layer.clone();
        if layer_type == LayerType::Sliding {
            (layer.attention.span, layer.attention.positions) = (window, local.clone());
        }
        layer
    };
    let mut decoder = json.llama.decoder(types.into_iter().map(of).collect())?;
    decoder.embedding.scale = (decoder.d_model as f64).sqrt();
    decoder.logit_softcap = softcap("final_logit_softcapping", json.final_logit_softcapping)?;
    Ok(Architecture::Decoder(decoder))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let mut config = llama_like::config(size, "gemma3_text", "Gemma3ForCausalLM");
    llama_like::rename_activation(&mut config, "gelu_pytorch_tanh");
    config["tie_word_embeddings"] = true.into();
    config["query_pre_attn_scalar"] = config["head_dim"].clone();
    config["sliding_window"] = (size.context / 2).max(1).into();
    let rope = |theta: f64| serde_json::json!({ "rope_type": "default", "rope_theta": theta });
    config["rope_parameters"] =
        serde_json::json!({ "full_attention": rope(1e6), "sliding_attention": rope(1e4) });
    Ok(config)
}
