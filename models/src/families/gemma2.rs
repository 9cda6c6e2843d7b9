//! Gemma 2: Gemma, with norms before and after each branch, soft caps on scores and logits, and a
//! window in every other layer.

use serde::Deserialize;
use serde_json::Value;

use super::llama_like::{self, KEYS, LlamaFields, SANDWICH_NORMS};
use super::windows::{LayerType, layer_types, softcap};
use super::{Architecture, Family, Size, Task};
use crate::arch::block::Wiring;
use crate::layers::mask::Span;
use crate::layers::norm::NormKind;
use crate::wire::config::{ConfigError, parse, size, within};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["gemma2"],
    summary: "decoder; Gemma with four norms per block, soft caps and alternating windows",
    paper: "Gemma Team 2024, https://arxiv.org/abs/2408.00118",
    tasks: &[(Task::CausalLm, "Gemma2ForCausalLM"), (Task::Backbone, "Gemma2Model")],
    architecture,
    config,
    keys: &[KEYS, SANDWICH_NORMS],
};

/// What transformers assumes where a file says nothing.
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
    query_pre_attn_scalar: f64,
    sliding_window: usize,
    layer_types: Option<Vec<String>>,
    attn_logit_softcapping: Option<f64>,
    final_logit_softcapping: Option<f64>,
    use_bidirectional_attention: Option<bool>,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, DEFAULTS)?;
    if json.use_bidirectional_attention == Some(true) {
        return Err(ConfigError::unsupported("use_bidirectional_attention", true, "false"));
    }
    let mut layer = json.llama.layer()?;
    layer.wiring = Wiring::Sandwich;
    layer.norm.kind = NormKind::RmsOffset;
    let scalar = json.query_pre_attn_scalar;
    layer.attention.scale =
        within("query_pre_attn_scalar", scalar, [f64::MIN_POSITIVE, 1e9])?.powf(-0.5);
    layer.attention.softcap = softcap("attn_logit_softcapping", json.attn_logit_softcapping)?;
    let window = Span::Window(size("sliding_window", json.sliding_window)?);
    let types = layer_types(json.layer_types, json.llama.num_hidden_layers, |i| i % 2 == 0)?;
    let of = |layer_type: LayerType| {
        let mut layer = layer.clone();
        if layer_type == LayerType::Sliding {
            layer.attention.span = window;
        }
        layer
    };
    let mut decoder = json.llama.decoder(types.into_iter().map(of).collect())?;
    decoder.embedding.scale = (decoder.d_model as f64).sqrt();
    decoder.logit_softcap = softcap("final_logit_softcapping", json.final_logit_softcapping)?;
    Ok(Architecture::Decoder(decoder))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let mut config = llama_like::config(size, "gemma2", "Gemma2ForCausalLM");
    llama_like::rename_activation(&mut config, "gelu_pytorch_tanh");
    config["tie_word_embeddings"] = true.into();
    config["query_pre_attn_scalar"] = config["head_dim"].clone();
    config["sliding_window"] = (size.context / 2).max(1).into();
    config["attn_logit_softcapping"] = 50.0.into();
    config["final_logit_softcapping"] = 30.0.into();
    Ok(config)
}
