//! SmolLM 3: Llama without positions in every fourth layer.

use serde::Deserialize;
use serde_json::Value;

use super::head_keys::{LM_HEAD, SCORE};
use super::llama_like::{self, FEED_FORWARD_NORM, KEYS, LlamaFields};
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse, size};
use crate::layers::position::PositionEncoding;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["smollm3"],
    summary: "decoder; Llama with some layers without positions",
    paper: "Bakouch et al. 2025, https://huggingface.co/blog/smollm3",
    heads: &[
        head(Task::CausalLm, "SmolLM3ForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "SmolLM3ForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "SmolLM3ForTokenClassification", &[SCORE]),
        head(Task::BaseModel, "SmolLM3Model", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, FEED_FORWARD_NORM],
};

/// Defaults of transformers' `SmolLM3Config`.
const DEFAULTS: &str = r#"{
    "vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 11008,
    "num_hidden_layers": 36, "num_attention_heads": 16, "num_key_value_heads": 4,
    "hidden_act": "silu", "max_position_embeddings": 32768, "initializer_range": 0.02,
    "rms_norm_eps": 1e-6, "tie_word_embeddings": true, "rope_theta": 2000000.0,
    "no_rope_layer_interval": 4, "use_sliding_window": false
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    llama: LlamaFields,
    /// For each layer 1 if it has rotary positions and 0 if not, despite the name.
    no_rope_layers: Option<Vec<usize>>,
    no_rope_layer_interval: usize,
    use_sliding_window: bool,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, DEFAULTS)?;
    if json.use_sliding_window {
        return Err(ConfigError::unsupported("use_sliding_window", true, "false"));
    }
    let interval = size("no_rope_layer_interval", json.no_rope_layer_interval)?;
    let n_layers = json.llama.num_hidden_layers;
    let rotates = json
        .no_rope_layers
        .unwrap_or_else(|| (1..=n_layers).map(|i| usize::from(i % interval != 0)).collect());
    if rotates.len() != n_layers {
        let reason = "it must have one value for each layer";
        return Err(ConfigError::invalid("no_rope_layers", format!("{rotates:?}"), reason));
    }
    let layer = json.llama.layer()?;
    let of = |rotates: usize| {
        let mut layer = layer.clone();
        if rotates == 0 {
            layer.attention.positions = PositionEncoding::None;
        }
        layer
    };
    let layers = rotates.into_iter().map(of).collect();
    Ok(Architecture::decoder(json.llama.decoder(layers)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let mut config = llama_like::config(&FAMILY, size);
    config["no_rope_layer_interval"] = 4.into();
    Ok(config)
}
