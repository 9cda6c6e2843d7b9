//! GPT-J: GPT-2 with parallel sub-layers after one norm, rotary positions on interleaved pairs of
//! each head's first features, no biases in attention, and an untied output projection with a bias.

use serde::Deserialize;
use serde_json::{Value, json};

use super::gpt_like::{Gpt2Fields, names};
use super::head_keys::WTE_LM_HEAD;
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{OutputWeights, PositionEmbedding};
use crate::blocks::Wiring;
use crate::hf::config::{ConfigError, parse};
use crate::hf::keys::{drop, rename, transpose};
use crate::layers::attention::ProjectionBias;
use crate::layers::linear::Bias;
use crate::layers::position::PositionEncoding;
use crate::layers::rotary::{RotaryConfig, RotaryLayout, RotaryScaling};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["gptj"],
    summary: "decoder; parallel sub-layers, interleaved partial rotary positions",
    paper: "Wang and Komatsuzaki 2021, https://github.com/kingoflolz/mesh-transformer-jax",
    heads: &[
        head(Task::CausalLm, "GPTJForCausalLM", &[WTE_LM_HEAD]),
        head(Task::BaseModel, "GPTJModel", &[]),
    ],
    architecture,
    config,
    prefix: "transformer",
    keys: &[&[
        rename("wte", "embedding.token"),
        rename("h.{}.ln_1", "layers.{}.norm"),
        transpose("h.{}.attn.q_proj", "layers.{}.attention.query"),
        transpose("h.{}.attn.k_proj", "layers.{}.attention.key"),
        transpose("h.{}.attn.v_proj", "layers.{}.attention.value"),
        transpose("h.{}.attn.out_proj", "layers.{}.attention.output"),
        transpose("h.{}.mlp.fc_in", "layers.{}.feed_forward.up"),
        transpose("h.{}.mlp.fc_out", "layers.{}.feed_forward.down"),
        rename("ln_f", "norm"),
        // Causal masks, which old files contain.
        drop("h.{}.attn.bias"),
        drop("h.{}.attn.masked_bias"),
    ]],
};

/// Defaults of transformers' `GPTJConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 50400, "n_positions": 2048, "n_embd": 4096, "n_layer": 28, "n_head": 16,
    "rotary_dim": 64, "activation_function": "gelu_new", "resid_pdrop": 0.0, "embd_pdrop": 0.0,
    "attn_pdrop": 0.0, "layer_norm_epsilon": 1e-5, "initializer_range": 0.02,
    "tie_word_embeddings": false
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    gpt2: Gpt2Fields,
    rotary_dim: Option<usize>,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { gpt2, rotary_dim } = parse(json, names(DEFAULTS))?;
    if gpt2.tie_word_embeddings {
        return Err(ConfigError::unsupported("tie_word_embeddings", true, "false"));
    }
    let mut layer = gpt2.layer()?;
    layer.wiring = Wiring::Parallel;
    let attention = &mut layer.attention;
    let d_head = attention.heads.d_head;
    let fits = |d: &usize| d.is_multiple_of(2) && (2..=d_head).contains(d);
    let Some(d_rotary) = rotary_dim.filter(fits) else {
        let supported = format!("an even number from 2 to {d_head}");
        return Err(ConfigError::unsupported("rotary_dim", rotary_dim, &supported));
    };
    attention.bias = ProjectionBias::all(Bias::Absent);
    attention.positions = PositionEncoding::Rotary(RotaryConfig {
        d_rotary,
        theta: 10_000.0,
        scaling: RotaryScaling::None,
        layout: RotaryLayout::Interleaved,
    });
    let mut decoder = gpt2.decoder(PositionEmbedding::None, |_| layer.clone())?;
    decoder.output = OutputWeights::SeparateWithBias;
    Ok(Architecture::decoder(decoder))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    // A quarter of the head, as in the published model; even, and at least 2.
    let rotary_dim = (size.d_model / size.n_heads / 4).max(2).next_multiple_of(2);
    Ok(json!({
        "model_type": "gptj", "architectures": ["GPTJForCausalLM"],
        "vocab_size": size.vocab_size, "n_positions": size.context, "n_embd": size.d_model,
        "n_layer": size.n_layers, "n_head": size.n_heads, "n_inner": size.d_ff,
        "rotary_dim": rotary_dim, "activation_function": "gelu_new",
        "resid_pdrop": size.dropout, "embd_pdrop": size.dropout, "attn_pdrop": size.dropout,
        "layer_norm_epsilon": 1e-5, "initializer_range": size.init_std(),
        "tie_word_embeddings": false, "dtype": "float32",
        "bos_token_id": size.eos, "eos_token_id": size.eos,
    }))
}
