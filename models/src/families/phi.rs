//! Phi 1 and 2: GPT-J with rotary positions in halves, biases everywhere, and Llama's field names.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::backbones::{decoder, dropout, stack};
use super::gpt_like::{Shape, layer};
use super::head_keys::{LM_HEAD, SCORE};
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{EmbeddingConfig, OutputWeights, PositionEmbedding};
use crate::blocks::Wiring;
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, divides, epsilon, fixed, parse, size};
use crate::hf::keys::{rename, transpose};
use crate::hf::rope::{RopeFields, Rotated};
use crate::layers::position::PositionEncoding;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["phi"],
    summary: "decoder; parallel sub-layers, partial rotary positions, biases",
    paper: "Li et al. 2023, https://arxiv.org/abs/2309.05463",
    heads: &[
        head(Task::CausalLm, "PhiForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "PhiForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "PhiForTokenClassification", &[SCORE]),
        head(Task::BaseModel, "PhiModel", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[&[
        rename("embed_tokens", "embedding.token"),
        rename("layers.{}.input_layernorm", "layers.{}.norm"),
        transpose("layers.{}.self_attn.q_proj", "layers.{}.attention.query"),
        transpose("layers.{}.self_attn.k_proj", "layers.{}.attention.key"),
        transpose("layers.{}.self_attn.v_proj", "layers.{}.attention.value"),
        transpose("layers.{}.self_attn.dense", "layers.{}.attention.output"),
        transpose("layers.{}.mlp.fc1", "layers.{}.feed_forward.up"),
        transpose("layers.{}.mlp.fc2", "layers.{}.feed_forward.down"),
        rename("final_layernorm", "norm"),
    ]],
};

/// Defaults of transformers' `PhiConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 51200, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24,
    "num_attention_heads": 32, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attention_dropout": 0.0,
    "hidden_act": "gelu_new", "max_position_embeddings": 2048, "initializer_range": 0.02,
    "layer_norm_eps": 1e-5
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    resid_pdrop: f64,
    embd_pdrop: f64,
    attention_dropout: f64,
    hidden_act: String,
    max_position_embeddings: usize,
    initializer_range: f64,
    layer_norm_eps: f64,
    #[serde(flatten)]
    rope: RopeFields,
    #[serde(flatten)]
    other: Map<String, Value>,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, DEFAULTS)?;
    fixed(&json.other, "qk_layernorm", false)?;
    fixed(&json.other, "tie_word_embeddings", false)?;
    let d_model = size("hidden_size", json.hidden_size)?;
    let n_heads = size("num_attention_heads", json.num_attention_heads)?;
    let d_head = divides("num_attention_heads", n_heads, d_model)?;
    let max_positions = size("max_position_embeddings", json.max_position_embeddings)?;
    let mut layer = layer(Shape {
        d_model,
        n_heads,
        d_head,
        d_ff: size("intermediate_size", json.intermediate_size)?,
        activation: activation("hidden_act", &json.hidden_act)?,
        epsilon: epsilon("layer_norm_eps", json.layer_norm_eps)?,
    });
    layer.wiring = Wiring::Parallel;
    layer.dropout = dropout("resid_pdrop", json.resid_pdrop)?;
    let attention = &mut layer.attention;
    attention.softmax_mut().dropout = dropout("attention_dropout", json.attention_dropout)?;
    attention.heads.n_kv_heads =
        size("num_key_value_heads", json.num_key_value_heads.unwrap_or(n_heads))?;
    divides("num_key_value_heads", attention.heads.n_kv_heads, n_heads)?;
    attention.positions =
        PositionEncoding::Rotary(json.rope.rotary(d_head, Rotated::Part(0.5), max_positions)?);
    let embedding = EmbeddingConfig {
        dropout: dropout("embd_pdrop", json.embd_pdrop)?,
        ..EmbeddingConfig::new(d_model, PositionEmbedding::None)
    };
    let layers = vec![layer; size("num_hidden_layers", json.num_hidden_layers)?];
    let stack = stack(max_positions, embedding, layers);
    let output = OutputWeights::SeparateWithBias;
    Ok(Architecture::decoder(decoder(json.vocab_size, stack, output, json.initializer_range)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let rope = json!({
        "rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 0.5
    });
    Ok(json!({
        "model_type": "phi", "architectures": ["PhiForCausalLM"],
        "vocab_size": size.vocab_size, "max_position_embeddings": size.context,
        "hidden_size": size.d_model, "intermediate_size": size.d_ff.unwrap_or(4 * size.d_model),
        "num_hidden_layers": size.n_layers, "num_attention_heads": size.n_heads,
        "num_key_value_heads": size.n_kv_heads.unwrap_or(size.n_heads),
        "hidden_act": "gelu_new", "resid_pdrop": size.dropout, "embd_pdrop": size.dropout,
        "attention_dropout": size.dropout, "layer_norm_eps": 1e-5,
        "initializer_range": size.init_std(), "rope_parameters": rope, "qk_layernorm": false,
        "tie_word_embeddings": false, "dtype": "float32", "pad_token_id": null,
        "bos_token_id": size.eos, "eos_token_id": size.eos,
    }))
}
