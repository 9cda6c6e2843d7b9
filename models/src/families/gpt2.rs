//! GPT-2: learned positions, LayerNorm before the sub-layers, tanh GELU, tied output; its linear
//! layers are stored as `[d_input, d_output]`, with queries, keys and values side by side.

use serde::Deserialize;
use serde_json::{Value, json};

use super::gpt_like::{Gpt2Fields, names};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS, SCORE, WTE_LM_HEAD};
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{PositionEmbedding, PositionNumbering};
use crate::hf::config::{ConfigError, parse};
use crate::hf::keys::{drop, rename, split};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["gpt2", "gpt-sw3"],
    summary: "decoder; learned positions, LayerNorm, tanh GELU, tied output",
    paper: "Radford et al. 2019, Language Models are Unsupervised Multitask Learners",
    heads: &[
        head(Task::CausalLm, "GPT2LMHeadModel", &[WTE_LM_HEAD]),
        head(Task::SequenceClassifier, "GPT2ForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "GPT2ForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "GPT2ForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::BaseModel, "GPT2Model", &[]),
    ],
    architecture,
    config,
    prefix: "transformer",
    keys: &[&[
        rename("wte", "embedding.token"),
        rename("wpe", "embedding.position"),
        rename("h.{}.ln_1", "layers.{}.attention_norm"),
        split(
            "h.{}.attn.c_attn",
            &["layers.{}.attention.query", "layers.{}.attention.key", "layers.{}.attention.value"],
        ),
        rename("h.{}.attn.c_proj", "layers.{}.attention.output"),
        rename("h.{}.ln_2", "layers.{}.feed_forward_norm"),
        rename("h.{}.mlp.c_fc", "layers.{}.feed_forward.up"),
        rename("h.{}.mlp.c_proj", "layers.{}.feed_forward.down"),
        rename("ln_f", "norm"),
        // The causal mask, which old files contain.
        drop("h.{}.attn.bias"),
        drop("h.{}.attn.masked_bias"),
    ]],
};

/// Defaults of transformers' `GPT2Config`.
const DEFAULTS: &str = r#"{
    "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12,
    "activation_function": "gelu_new", "resid_pdrop": 0.1, "embd_pdrop": 0.1, "attn_pdrop": 0.1,
    "layer_norm_epsilon": 1e-5, "initializer_range": 0.02, "scale_attn_weights": true,
    "scale_attn_by_inverse_layer_idx": false, "add_cross_attention": false,
    "tie_word_embeddings": true
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    gpt2: Gpt2Fields,
    scale_attn_weights: bool,
    scale_attn_by_inverse_layer_idx: bool,
    add_cross_attention: bool,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, names(DEFAULTS))?;
    if json.add_cross_attention {
        return Err(ConfigError::unsupported("add_cross_attention", true, "false"));
    }
    let mut base = json.gpt2.layer()?;
    if !json.scale_attn_weights {
        base.attention.softmax_mut().scale = 1.0;
    }
    let of = |index: usize| {
        let mut layer = base.clone();
        if json.scale_attn_by_inverse_layer_idx {
            layer.attention.softmax_mut().scale /= (index + 1) as f64;
        }
        layer
    };
    let positions = PositionEmbedding::Learned(PositionNumbering::Sequential { offset: 0 });
    Ok(Architecture::decoder(json.gpt2.decoder(positions, of)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    Ok(json!({
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"],
        "vocab_size": size.vocab_size, "n_positions": size.context, "n_embd": size.d_model,
        "n_layer": size.n_layers, "n_head": size.n_heads,
        "n_inner": size.d_ff,
        "activation_function": "gelu_new",
        "resid_pdrop": size.dropout, "embd_pdrop": size.dropout, "attn_pdrop": size.dropout,
        "layer_norm_epsilon": 1e-5, "initializer_range": size.init_std(),
        "tie_word_embeddings": true, "dtype": "float32",
        "bos_token_id": size.eos, "eos_token_id": size.eos,
    }))
}
