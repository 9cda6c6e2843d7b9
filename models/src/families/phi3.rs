//! Phi 3 and 4: Llama with a fused matrix for queries, keys and values and another for gate and up,
//! a window in every layer, and in Phi-4-mini rotary positions on three quarters of each head.

use serde::Deserialize;
use serde_json::Value;

use super::head_keys::{LM_HEAD, SCORE};
use super::llama_like::{self, FEED_FORWARD_NORM, KEYS, LlamaFields};
use super::windows::slide;
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse, within};
use crate::hf::keys::{Key, split_transpose};
use crate::hf::rope::Rotated;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["phi3"],
    summary: "decoder; Llama with fused matrices and a sliding window",
    paper: "Abdin et al. 2024, https://arxiv.org/abs/2404.14219",
    heads: &[
        head(Task::CausalLm, "Phi3ForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "Phi3ForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "Phi3ForTokenClassification", &[SCORE]),
        head(Task::BaseModel, "Phi3Model", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[FUSED, KEYS, FEED_FORWARD_NORM],
};

/// The fused matrices. They must precede Llama's table, whose rules for the parts they replace.
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

/// Defaults of transformers' `Phi3Config`.
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
    let ConfigJson { mut llama, sliding_window, resid_pdrop } = parse(json, DEFAULTS)?;
    llama.rope = llama.rope.with_yarn_as_long_rope();
    let mut layer = llama.layer_with(Rotated::Part(1.0))?;
    layer.dropout = within("resid_pdrop", resid_pdrop, [0.0, 1.0])?;
    let layers = vec![slide(layer, sliding_window)?; llama.num_hidden_layers];
    Ok(Architecture::decoder(llama.decoder(layers)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let mut config = llama_like::config(&FAMILY, size);
    config["resid_pdrop"] = size.dropout.into();
    config["sliding_window"] = Value::Null;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::layers::position::PositionEncoding;

    #[test]
    fn factors_are_parsed_in_every_published_form() {
        let read = |rope: Value| {
            let mut config = json!({
                "hidden_size": 3072, "num_attention_heads": 24, "num_key_value_heads": 8,
                "max_position_embeddings": 131072, "original_max_position_embeddings": 4096,
            });
            config.as_object_mut().unwrap().extend(rope.as_object().unwrap().clone());
            architecture(&config.to_string())
        };
        let factors = |count: usize| json!(vec![1.5; count]);
        let beside = |count: usize| {
            read(json!({
                "partial_rotary_factor": 0.75, "rope_theta": 10_000.0,
                "rope_scaling": {
                    "type": "longrope", "short_factor": factors(count), "long_factor": factors(count),
                },
            }))
        };
        let first = read(json!({
            "partial_rotary_factor": 0.75, "rope_theta": 10_000.0,
            "rope_scaling": {
                "type": "yarn", "short_factor": factors(48), "long_factor": factors(48),
            },
        }));
        let among = read(json!({ "rope_parameters": {
            "rope_type": "longrope", "rope_theta": 10_000.0, "partial_rotary_factor": 0.75,
            "short_factor": factors(48), "long_factor": factors(48),
        }}));
        let beside_them = beside(48).unwrap();
        assert_eq!(beside_them, among.unwrap());
        assert_eq!(beside_them, first.unwrap());
        let stack = beside_them.backbone.stacks()[0];
        let PositionEncoding::Rotary(rotary) = &stack.layers[0].attention.positions else {
            panic!("rotary positions")
        };
        assert_eq!(rotary.d_rotary, 96);
        // As many factors as heads without partial rotation would have.
        let error = beside(64).unwrap_err().to_string();
        assert!(error.contains("short_factor") && error.contains("48 positive numbers"), "{error}");
    }
}
