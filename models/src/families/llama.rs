//! Llama: against GPT-2, rotary positions in halves, RMSNorm, a gated feed-forward layer, grouped
//! keys and values, no biases, and an output projection of its own.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Architecture, Family, Size, Task};
use crate::arch::block::{BlockConfig, PreNormConfig};
use crate::arch::decoder::{DecoderConfig, OutputWeights, PositionConfig};
use crate::layers::feed_forward::{FeedForwardConfig, FeedForwardKind};
use crate::layers::norm::{NormConfig, NormKind};
use crate::layers::{attention::AttentionConfig, linear::Bias, mask::Span};
use crate::wire::activation::activation;
use crate::wire::config::{ConfigError, divides, epsilon, parse, size, within};
use crate::wire::keys::{copy, drop, rename, transpose};
use crate::wire::rope::RopeFields;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["llama"],
    summary: "decoder; rotary positions, RMSNorm, SwiGLU, grouped-query attention",
    paper: "Touvron et al. 2023, https://arxiv.org/abs/2302.13971",
    tasks: &[(Task::CausalLm, "LlamaForCausalLM"), (Task::Backbone, "LlamaModel")],
    architecture,
    config,
    keys: &[
        rename("[model.]embed_tokens", "decoder.embedding.token"),
        rename("[model.]layers.{}.input_layernorm", "decoder.layers.{}.attention_norm"),
        transpose("[model.]layers.{}.self_attn.q_proj", "decoder.layers.{}.attention.query"),
        transpose("[model.]layers.{}.self_attn.k_proj", "decoder.layers.{}.attention.key"),
        transpose("[model.]layers.{}.self_attn.v_proj", "decoder.layers.{}.attention.value"),
        transpose("[model.]layers.{}.self_attn.o_proj", "decoder.layers.{}.attention.output"),
        rename("[model.]layers.{}.post_attention_layernorm", "decoder.layers.{}.feed_forward_norm"),
        transpose("[model.]layers.{}.mlp.gate_proj", "decoder.layers.{}.feed_forward.gate"),
        transpose("[model.]layers.{}.mlp.up_proj", "decoder.layers.{}.feed_forward.up"),
        transpose("[model.]layers.{}.mlp.down_proj", "decoder.layers.{}.feed_forward.down"),
        rename("[model.]norm", "decoder.norm"),
        transpose("lm_head", "lm_head"),
        copy("lm_head.weight", "[model.]embed_tokens.weight"),
        // Frequencies follow from the config; old files carry them.
        drop("[model.]layers.{}.self_attn.rotary_emb.inv_freq"),
    ],
};

/// What transformers assumes where a file says nothing.
const DEFAULTS: &str = r#"{
    "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
    "num_attention_heads": 32, "hidden_act": "silu", "max_position_embeddings": 2048,
    "initializer_range": 0.02, "rms_norm_eps": 1e-6, "attention_bias": false, "mlp_bias": false,
    "tie_word_embeddings": false
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    hidden_act: String,
    max_position_embeddings: usize,
    initializer_range: f64,
    rms_norm_eps: f64,
    attention_bias: bool,
    mlp_bias: bool,
    attention_dropout: Option<f64>,
    tie_word_embeddings: bool,
    #[serde(flatten)]
    rope: RopeFields,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, DEFAULTS)?;
    let d_model = size("hidden_size", json.hidden_size)?;
    let n_heads = size("num_attention_heads", json.num_attention_heads)?;
    let n_kv_heads = size("num_key_value_heads", json.num_key_value_heads.unwrap_or(n_heads))?;
    divides("num_key_value_heads", n_kv_heads, n_heads)?;
    let d_head = match json.head_dim {
        Some(d_head) => size("head_dim", d_head)?,
        None => divides("num_attention_heads", n_heads, d_model)?,
    };
    let max_positions = size("max_position_embeddings", json.max_position_embeddings)?;
    let epsilon = epsilon("rms_norm_eps", json.rms_norm_eps)?;
    let norm = NormConfig { kind: NormKind::Rms, d_model, epsilon };
    let attention_bias = Bias::from(json.attention_bias);
    let layer = BlockConfig::PreNorm(PreNormConfig {
        attention: AttentionConfig {
            d_model,
            n_heads,
            n_kv_heads,
            d_head,
            scale: (d_head as f64).powf(-0.5),
            span: Span::Causal,
            qkv_bias: attention_bias,
            output_bias: attention_bias,
            dropout: within(
                "attention_dropout",
                json.attention_dropout.unwrap_or(0.0),
                [0.0, 1.0],
            )?,
        },
        feed_forward: FeedForwardConfig {
            kind: FeedForwardKind::Gated,
            d_model,
            d_ff: size("intermediate_size", json.intermediate_size)?,
            activation: activation("hidden_act", &json.hidden_act)?,
            bias: Bias::from(json.mlp_bias),
        },
        norm: norm.clone(),
        dropout: 0.0,
    });
    Ok(Architecture::Decoder(DecoderConfig {
        vocab_size: size("vocab_size", json.vocab_size)?,
        d_model,
        max_positions,
        positions: PositionConfig::Rotary(json.rope.rotary(d_head, max_positions)?),
        layers: vec![layer; size("num_hidden_layers", json.num_hidden_layers)?],
        norm,
        dropout: 0.0,
        output: OutputWeights::from(json.tie_word_embeddings),
        init_std: within("initializer_range", json.initializer_range, [0.0, 100.0])?,
    }))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    // Two thirds of four times d_model, so that three matrices cost what GPT-2's two do; rounded up
    // to a multiple of 32.
    let d_ff = size.d_ff.unwrap_or((8 * size.d_model).div_ceil(3).next_multiple_of(32));
    Ok(json!({
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": size.vocab_size,
        "max_position_embeddings": size.context,
        "hidden_size": size.d_model,
        "intermediate_size": d_ff,
        "num_hidden_layers": size.n_layers,
        "num_attention_heads": size.n_heads,
        "num_key_value_heads": size.n_kv_heads.unwrap_or(size.n_heads),
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "rope_parameters": { "rope_type": "default", "rope_theta": 10_000.0 },
        "attention_dropout": size.dropout,
        "initializer_range": size.init_std(),
        "tie_word_embeddings": false,
        "bos_token_id": size.eos, "eos_token_id": size.eos,
        "dtype": "float32",
    }))
}
