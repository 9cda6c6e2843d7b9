//! The first GPT: GPT-2 with a norm after each sub-layer and no final norm, and feed-forward layers
//! of a fixed width.

use serde::Deserialize;
use serde_json::{Value, json};

use super::gpt_like::{Gpt2Fields, names};
use super::head_keys::SCORE;
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{PositionEmbedding, PositionNumbering};
use crate::blocks::Wiring;
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, parse};
use crate::hf::keys::{Key, copy, drop, rename, split, transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["openai-gpt"],
    summary: "decoder; GPT-2 with LayerNorm behind the sub-layers",
    paper: "Radford et al. 2018, Improving Language Understanding by Generative Pre-Training",
    heads: &[
        head(Task::CausalLm, "OpenAIGPTLMHeadModel", &[LM_HEAD]),
        head(Task::SequenceClassifier, "OpenAIGPTForSequenceClassification", &[SCORE]),
        head(Task::BaseModel, "OpenAIGPTModel", &[]),
    ],
    architecture,
    config,
    prefix: "transformer",
    keys: &[&[
        rename("tokens_embed", "embedding.token"),
        rename("positions_embed", "embedding.position"),
        split(
            "h.{}.attn.c_attn",
            &["layers.{}.attention.query", "layers.{}.attention.key", "layers.{}.attention.value"],
        ),
        rename("h.{}.attn.c_proj", "layers.{}.attention.output"),
        rename("h.{}.ln_1", "layers.{}.attention_norm"),
        rename("h.{}.mlp.c_fc", "layers.{}.feed_forward.up"),
        rename("h.{}.mlp.c_proj", "layers.{}.feed_forward.down"),
        rename("h.{}.ln_2", "layers.{}.feed_forward_norm"),
        // The causal mask and the position ids 0, 1, 2, …, which old files contain.
        drop("h.{}.attn.bias"),
        drop("position_ids"),
    ]],
};

/// The output projection; a copy of the token embeddings if it is tied.
const LM_HEAD: &[Key] =
    &[transpose("lm_head", "lm_head"), copy("lm_head.weight", "tokens_embed.weight")];

/// Defaults of transformers' `OpenAIGPTConfig`. GPT-2's `activation_function` is not used.
const DEFAULTS: &str = r#"{
    "vocab_size": 40478, "n_positions": 512, "n_embd": 768, "n_layer": 12, "n_head": 12,
    "afn": "gelu", "activation_function": "gelu_new", "resid_pdrop": 0.1, "embd_pdrop": 0.1,
    "attn_pdrop": 0.1, "layer_norm_epsilon": 1e-5, "initializer_range": 0.02,
    "tie_word_embeddings": true
}"#;

/// GPT-2's fields, and the family's own name for the activation.
#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    gpt2: Gpt2Fields,
    afn: String,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { gpt2, afn } = parse(json, names(DEFAULTS))?;
    let mut layer = gpt2.layer()?;
    layer.wiring = Wiring::PostNorm;
    layer.feed_forward.d_ff = 4 * layer.feed_forward.d_model;
    // The family has its own names for activations: `gelu` is the tanh form.
    let name = if afn == "gelu" { "gelu_new" } else { afn.as_str() };
    layer.feed_forward.activation = activation("afn", name)?;
    let positions = PositionEmbedding::Learned(PositionNumbering::Sequential { offset: 0 });
    let mut decoder = gpt2.decoder(positions, |_| layer.clone())?;
    // A post-norm block ends with a norm.
    decoder.stack.norm = None;
    Ok(Architecture::decoder(decoder))
}

/// Rejects a width of the feed-forward layers, for families whose configs do not contain it.
pub(super) fn refuse_d_ff(size: &Size) -> Result<(), ConfigError> {
    match size.d_ff {
        Some(d_ff) if d_ff != 4 * size.d_model => {
            let supported = "four times d_model in this family";
            Err(ConfigError::unsupported("hidden features", d_ff, supported))
        }
        _ => Ok(()),
    }
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    refuse_d_ff(size)?;
    Ok(json!({
        "model_type": "openai-gpt", "architectures": ["OpenAIGPTLMHeadModel"],
        "vocab_size": size.vocab_size, "n_positions": size.context, "n_embd": size.d_model,
        "n_layer": size.n_layers, "n_head": size.n_heads, "afn": "gelu",
        "resid_pdrop": size.dropout, "embd_pdrop": size.dropout, "attn_pdrop": size.dropout,
        "layer_norm_epsilon": 1e-5, "initializer_range": size.init_std(),
        "tie_word_embeddings": true, "dtype": "float32",
        "bos_token_id": size.eos, "eos_token_id": size.eos,
    }))
}
