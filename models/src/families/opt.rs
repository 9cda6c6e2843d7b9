//! OPT: GPT-2 with ReLU, separate queries, keys and values, and two unused rows at the beginning of
//! the position table.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::backbones::{decoder, dropout, init_std, stack};
use super::gpt_like::{Shape, layer};
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{
    EmbeddingConfig, OutputWeights, PositionEmbedding, PositionNumbering, Projection,
};
use crate::blocks::Wiring;
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, divides, fixed, parse, size};
use crate::hf::keys::{Key, copy, rename, transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["opt"],
    summary: "decoder; GPT-2 with ReLU",
    paper: "Zhang et al. 2022, https://arxiv.org/abs/2205.01068",
    heads: &[
        head(Task::CausalLm, "OPTForCausalLM", &[LM_HEAD]),
        head(Task::BaseModel, "OPTModel", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[&[
        rename("decoder.embed_tokens", "embedding.token"),
        rename("decoder.embed_positions", "embedding.position"),
        transpose("decoder.project_in", "embedding.projection"),
        transpose("decoder.project_out", "output_projection"),
        rename("decoder.layers.{}.self_attn_layer_norm", "layers.{}.attention_norm"),
        transpose("decoder.layers.{}.self_attn.q_proj", "layers.{}.attention.query"),
        transpose("decoder.layers.{}.self_attn.k_proj", "layers.{}.attention.key"),
        transpose("decoder.layers.{}.self_attn.v_proj", "layers.{}.attention.value"),
        transpose("decoder.layers.{}.self_attn.out_proj", "layers.{}.attention.output"),
        rename("decoder.layers.{}.final_layer_norm", "layers.{}.feed_forward_norm"),
        transpose("decoder.layers.{}.fc1", "layers.{}.feed_forward.up"),
        transpose("decoder.layers.{}.fc2", "layers.{}.feed_forward.down"),
        rename("decoder.final_layer_norm", "norm"),
    ]],
};

/// The output projection; a copy of the token embeddings if it is tied.
const LM_HEAD: &[Key] =
    &[transpose("lm_head", "lm_head"), copy("lm_head.weight", "decoder.embed_tokens.weight")];

/// Defaults of transformers' `OPTConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 50272, "hidden_size": 768, "num_hidden_layers": 12, "ffn_dim": 3072,
    "max_position_embeddings": 2048, "dropout": 0.1,
    "attention_dropout": 0.0, "num_attention_heads": 12, "activation_function": "relu",
    "init_std": 0.02, "do_layer_norm_before": true, "tie_word_embeddings": true
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    ffn_dim: usize,
    max_position_embeddings: usize,
    dropout: f64,
    attention_dropout: f64,
    num_attention_heads: usize,
    activation_function: String,
    init_std: f64,
    do_layer_norm_before: bool,
    word_embed_proj_dim: Option<usize>,
    tie_word_embeddings: bool,
    #[serde(flatten)]
    other: Map<String, Value>,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, DEFAULTS)?;
    let d_model = size("hidden_size", json.hidden_size)?;
    fixed(&json.other, "enable_bias", true)?;
    fixed(&json.other, "_remove_final_layer_norm", false)?;
    fixed(&json.other, "layer_norm_elementwise_affine", true)?;
    let n_heads = size("num_attention_heads", json.num_attention_heads)?;
    let mut layer = layer(Shape {
        d_model,
        n_heads,
        d_head: divides("num_attention_heads", n_heads, d_model)?,
        d_ff: size("ffn_dim", json.ffn_dim)?,
        activation: activation("activation_function", &json.activation_function)?,
        epsilon: 1e-5,
    });
    layer.dropout = dropout("dropout", json.dropout)?;
    layer.attention.softmax_mut().dropout = dropout("attention_dropout", json.attention_dropout)?;
    if !json.do_layer_norm_before {
        layer.wiring = Wiring::PostNorm;
    }
    let positions = PositionEmbedding::Learned(PositionNumbering::Sequential { offset: 2 });
    let d_embedding = size("word_embed_proj_dim", json.word_embed_proj_dim.unwrap_or(d_model))?;
    let embedding = EmbeddingConfig {
        projection: Projection::InAndOut,
        ..EmbeddingConfig::new(d_embedding, positions)
    };
    let max_positions = size("max_position_embeddings", json.max_position_embeddings)?;
    let layers = vec![layer; size("num_hidden_layers", json.num_hidden_layers)?];
    let mut stack = stack(max_positions, embedding, layers);
    if !json.do_layer_norm_before {
        // A post-norm block ends with a norm.
        stack.norm = None;
    }
    let output = OutputWeights::from(json.tie_word_embeddings);
    let init_std = init_std("init_std", json.init_std)?;
    Ok(Architecture::decoder(decoder(json.vocab_size, stack, output, init_std)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    Ok(json!({
        "model_type": "opt", "architectures": ["OPTForCausalLM"],
        "vocab_size": size.vocab_size, "max_position_embeddings": size.context,
        "hidden_size": size.d_model, "word_embed_proj_dim": size.d_model,
        "num_hidden_layers": size.n_layers, "num_attention_heads": size.n_heads,
        "ffn_dim": size.d_ff.unwrap_or(4 * size.d_model), "activation_function": "relu",
        "dropout": size.dropout, "attention_dropout": size.dropout, "layerdrop": 0.0,
        "do_layer_norm_before": true, "init_std": size.init_std(), "tie_word_embeddings": true,
        "bos_token_id": size.eos, "eos_token_id": size.eos, "pad_token_id": null,
        "dtype": "float32",
    }))
}
