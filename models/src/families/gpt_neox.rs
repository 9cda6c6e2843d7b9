//! GPT-NeoX and Pythia: GPT-J with a norm for each sub-layer, rotary positions in halves, biases in
//! attention, and queries, keys and values interleaved by head in the checkpoint.

use serde::Deserialize;
use serde_json::{Value, json};

use super::backbones::{decoder, dropout, stack};
use super::gpt_like::{Shape, layer};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS, SCORE};
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{EmbeddingConfig, OutputWeights, PositionEmbedding};
use crate::blocks::Wiring;
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, FieldNames, divides, epsilon, parse, renaming, size};
use crate::hf::keys::{Key, copy, drop, rename, split_heads, transpose};
use crate::hf::rope::{RopeFields, Rotated};
use crate::layers::{linear::Bias, position::PositionEncoding};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["gpt_neox"],
    summary: "decoder; parallel sub-layers with two norms, partial rotary positions",
    paper: "Black et al. 2022, https://arxiv.org/abs/2204.06745",
    heads: &[
        head(Task::CausalLm, "GPTNeoXForCausalLM", &[EMBED_OUT]),
        head(Task::SequenceClassifier, "GPTNeoXForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "GPTNeoXForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "GPTNeoXForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::BaseModel, "GPTNeoXModel", &[]),
    ],
    architecture,
    config,
    prefix: "gpt_neox",
    keys: &[&[
        rename("embed_in", "embedding.token"),
        rename("layers.{}.input_layernorm", "layers.{}.attention_norm"),
        split_heads(
            "layers.{}.attention.query_key_value",
            &["layers.{}.attention.query", "layers.{}.attention.key", "layers.{}.attention.value"],
        ),
        transpose("layers.{}.attention.dense", "layers.{}.attention.output"),
        rename("layers.{}.post_attention_layernorm", "layers.{}.feed_forward_norm"),
        transpose("layers.{}.mlp.dense_h_to_4h", "layers.{}.feed_forward.up"),
        transpose("layers.{}.mlp.dense_4h_to_h", "layers.{}.feed_forward.down"),
        rename("final_layer_norm", "norm"),
        // Causal masks and frequencies, which old files contain.
        drop("layers.{}.attention.bias"),
        drop("layers.{}.attention.masked_bias"),
        drop("layers.{}.attention.rotary_emb.inv_freq"),
    ]],
};

/// The output projection; a copy of the token embeddings if it is tied.
const EMBED_OUT: &[Key] =
    &[transpose("embed_out", "lm_head"), copy("embed_out.weight", "embed_in.weight")];

/// Defaults of transformers' `GPTNeoXConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 50432, "hidden_size": 6144, "num_hidden_layers": 44, "num_attention_heads": 64,
    "intermediate_size": 24576, "hidden_act": "gelu", "attention_dropout": 0.0,
    "hidden_dropout": 0.0, "max_position_embeddings": 2048, "initializer_range": 0.02,
    "layer_norm_eps": 1e-5, "use_parallel_residual": true, "attention_bias": true,
    "tie_word_embeddings": false
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: String,
    attention_dropout: f64,
    hidden_dropout: f64,
    max_position_embeddings: usize,
    initializer_range: f64,
    layer_norm_eps: f64,
    use_parallel_residual: bool,
    attention_bias: bool,
    tie_word_embeddings: bool,
    #[serde(flatten)]
    rope: RopeFields,
}

/// The family's names for rotary positions. A plain `rope_theta` is not used.
const NAMES: FieldNames = FieldNames {
    defaults: DEFAULTS,
    aliases: &[],
    shared: &[
        renaming("rotary_emb_base", "rope_theta"),
        renaming("rotary_pct", "partial_rotary_factor"),
    ],
};

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, NAMES)?;
    let d_model = size("hidden_size", json.hidden_size)?;
    let n_heads = size("num_attention_heads", json.num_attention_heads)?;
    let d_head = divides("num_attention_heads", n_heads, d_model)?;
    let mut layer = layer(Shape {
        d_model,
        n_heads,
        d_head,
        d_ff: size("intermediate_size", json.intermediate_size)?,
        activation: activation("hidden_act", &json.hidden_act)?,
        epsilon: epsilon("layer_norm_eps", json.layer_norm_eps)?,
    });
    if json.use_parallel_residual {
        layer.wiring = Wiring::ParallelDualNorm;
    }
    layer.dropout = dropout("hidden_dropout", json.hidden_dropout)?;
    let attention = &mut layer.attention;
    attention.bias.qkv = Bias::from(json.attention_bias);
    attention.bias.output = attention.bias.qkv;
    attention.softmax_mut().dropout = dropout("attention_dropout", json.attention_dropout)?;
    let rotary = json.rope.rotary(d_head, Rotated::Part(0.25), json.max_position_embeddings)?;
    attention.positions = PositionEncoding::Rotary(rotary);
    let mut embedding = EmbeddingConfig::new(d_model, PositionEmbedding::None);
    embedding.dropout = layer.dropout;
    let layers = vec![layer; size("num_hidden_layers", json.num_hidden_layers)?];
    let max_positions = size("max_position_embeddings", json.max_position_embeddings)?;
    let stack = stack(max_positions, embedding, layers);
    let output = OutputWeights::from(json.tie_word_embeddings);
    Ok(Architecture::decoder(decoder(json.vocab_size, stack, output, json.initializer_range)?))
}

/// Rotary parameters of a new model: a quarter of each head, as published, or more to make an even
/// number of features.
pub(super) fn rope_parameters(size: &Size) -> Result<Value, ConfigError> {
    let d_head = divides("num_attention_heads", size.n_heads, size.d_model)?;
    let part = [0.25, 0.5].into_iter().find(|p| d_head as f64 * p % 2.0 == 0.0).unwrap_or(1.0);
    Ok(json!({ "rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": part }))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    Ok(json!({
        "model_type": "gpt_neox", "architectures": ["GPTNeoXForCausalLM"],
        "vocab_size": size.vocab_size, "max_position_embeddings": size.context,
        "hidden_size": size.d_model, "intermediate_size": size.d_ff.unwrap_or(4 * size.d_model),
        "num_hidden_layers": size.n_layers, "num_attention_heads": size.n_heads,
        "hidden_act": "gelu", "rope_parameters": rope_parameters(size)?,
        "use_parallel_residual": true, "attention_bias": true, "hidden_dropout": size.dropout,
        "attention_dropout": size.dropout, "layer_norm_eps": 1e-5,
        "initializer_range": size.init_std(), "tie_word_embeddings": false, "dtype": "float32",
        "bos_token_id": size.eos, "eos_token_id": size.eos,
    }))
}
