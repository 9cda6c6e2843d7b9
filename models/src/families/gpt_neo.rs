//! GPT-Neo: GPT-2 with separate, bias-free Q, K and V, unscaled scores, every other layer local.

use serde::Deserialize;
use serde_json::{Value, json};

use super::backbones::{decoder, dropout, stack};
use super::gpt_like::{Shape, layer};
use super::head_keys::WTE_LM_HEAD;
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{EmbeddingConfig, OutputWeights, PositionEmbedding, PositionNumbering};
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, FieldNames, divides, epsilon, parse, renaming, size};
use crate::hf::keys::{drop, rename, transpose};
use crate::layers::{linear::Bias, mask::AttentionPattern};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["gpt_neo"],
    summary: "decoder; GPT-2 with unscaled scores and alternating windows",
    paper: "Black et al. 2021, https://doi.org/10.5281/zenodo.5297715",
    heads: &[
        head(Task::CausalLm, "GPTNeoForCausalLM", &[WTE_LM_HEAD]),
        head(Task::BaseModel, "GPTNeoModel", &[]),
    ],
    architecture,
    config,
    prefix: "transformer",
    keys: &[&[
        rename("wte", "embedding.token"),
        rename("wpe", "embedding.position"),
        rename("h.{}.ln_1", "layers.{}.attention_norm"),
        transpose("h.{}.attn.attention.q_proj", "layers.{}.attention.query"),
        transpose("h.{}.attn.attention.k_proj", "layers.{}.attention.key"),
        transpose("h.{}.attn.attention.v_proj", "layers.{}.attention.value"),
        transpose("h.{}.attn.attention.out_proj", "layers.{}.attention.output"),
        rename("h.{}.ln_2", "layers.{}.feed_forward_norm"),
        transpose("h.{}.mlp.c_fc", "layers.{}.feed_forward.up"),
        transpose("h.{}.mlp.c_proj", "layers.{}.feed_forward.down"),
        rename("ln_f", "norm"),
        // Causal masks, which old files contain.
        drop("h.{}.attn.attention.bias"),
        drop("h.{}.attn.attention.masked_bias"),
    ]],
};

/// Defaults of transformers' `GPTNeoConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 50257, "max_position_embeddings": 2048, "hidden_size": 2048, "num_layers": 24,
    "attention_types": [[["global", "local"], 12]], "num_heads": 16, "window_size": 256,
    "activation_function": "gelu_new", "resid_dropout": 0.0, "embed_dropout": 0.0,
    "attention_dropout": 0.0, "layer_norm_epsilon": 1e-5, "initializer_range": 0.02,
    "tie_word_embeddings": true
}"#;

const NAMES: FieldNames = FieldNames {
    defaults: DEFAULTS,
    aliases: &[
        renaming("num_attention_heads", "num_heads"),
        renaming("num_hidden_layers", "num_layers"),
    ],
    shared: &[],
};

#[derive(Deserialize)]
struct ConfigJson {
    vocab_size: usize,
    max_position_embeddings: usize,
    hidden_size: usize,
    num_layers: usize,
    /// Lists of layer kinds, each with its number of repetitions.
    attention_types: Vec<(Vec<String>, usize)>,
    num_heads: usize,
    intermediate_size: Option<usize>,
    window_size: usize,
    activation_function: String,
    resid_dropout: f64,
    embed_dropout: f64,
    attention_dropout: f64,
    layer_norm_epsilon: f64,
    initializer_range: f64,
    tie_word_embeddings: bool,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, NAMES)?;
    let d_model = size("hidden_size", json.hidden_size)?;
    let n_heads = size("num_heads", json.num_heads)?;
    let mut base = layer(Shape {
        d_model,
        n_heads,
        d_head: divides("num_heads", n_heads, d_model)?,
        d_ff: size("intermediate_size", json.intermediate_size.unwrap_or(4 * d_model))?,
        activation: activation("activation_function", &json.activation_function)?,
        epsilon: epsilon("layer_norm_epsilon", json.layer_norm_epsilon)?,
    });
    base.dropout = dropout("resid_dropout", json.resid_dropout)?;
    base.attention.softmax_mut().dropout = dropout("attention_dropout", json.attention_dropout)?;
    base.attention.softmax_mut().scale = 1.0;
    base.attention.bias.qkv = Bias::Absent;
    let window = AttentionPattern::SlidingWindow(size("window_size", json.window_size)?);

    let mut layers = Vec::new();
    for (kinds, times) in &json.attention_types {
        for kind in kinds.iter().cycle().take(kinds.len() * times.min(&10_000)) {
            let mut layer = base.clone();
            match kind.as_str() {
                "global" => {}
                "local" => layer.attention.pattern = window,
                other => {
                    return Err(ConfigError::unsupported(
                        "attention_types",
                        other,
                        "global, local",
                    ));
                }
            }
            layers.push(layer);
        }
    }
    if layers.len() != json.num_layers || layers.is_empty() {
        let reason = format!("attention_types names {} layers", layers.len());
        return Err(ConfigError::invalid("num_layers", json.num_layers, &reason));
    }
    let positions = PositionEmbedding::Learned(PositionNumbering::Sequential { offset: 0 });
    let embedding = EmbeddingConfig {
        dropout: dropout("embed_dropout", json.embed_dropout)?,
        ..EmbeddingConfig::new(d_model, positions)
    };
    let max_positions = size("max_position_embeddings", json.max_position_embeddings)?;
    let output = OutputWeights::from(json.tie_word_embeddings);
    let stack = stack(max_positions, embedding, layers);
    Ok(Architecture::decoder(decoder(json.vocab_size, stack, output, json.initializer_range)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    let kinds = |i: usize| json!([[if i.is_multiple_of(2) { "global" } else { "local" }], 1]);
    Ok(json!({
        "model_type": "gpt_neo", "architectures": ["GPTNeoForCausalLM"],
        "vocab_size": size.vocab_size, "max_position_embeddings": size.context,
        "hidden_size": size.d_model, "num_layers": size.n_layers, "num_heads": size.n_heads,
        "attention_types": (0..size.n_layers).map(kinds).collect::<Vec<_>>(),
        "intermediate_size": size.d_ff, "window_size": (size.context / 2).max(1),
        "activation_function": "gelu_new", "resid_dropout": size.dropout,
        "embed_dropout": size.dropout, "attention_dropout": size.dropout,
        "layer_norm_epsilon": 1e-5, "initializer_range": size.init_std(),
        "tie_word_embeddings": true, "dtype": "float32",
        "bos_token_id": size.eos, "eos_token_id": size.eos,
    }))
}
