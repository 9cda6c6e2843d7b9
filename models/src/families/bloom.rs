//! BLOOM: GPT-2 with ALiBi, a norm after the embeddings, and queries, keys and values interleaved
//! by head in the checkpoint.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::backbones::{decoder, dropout, stack};
use super::gpt_like::{Shape, layer};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS, SCORE};
use super::openai_gpt::refuse_d_ff;
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{EmbeddingConfig, OutputWeights, PositionEmbedding};
use crate::hf::config::{ConfigError, FieldNames, divides, epsilon, fixed, parse, renaming, size};
use crate::hf::keys::{Key, copy, rename, split_heads, transpose};
use crate::layers::activation::Activation;
use crate::layers::position::PositionEncoding;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["bloom"],
    summary: "decoder; ALiBi, LayerNorm behind the embeddings, tied output",
    paper: "Le Scao et al. 2022, https://arxiv.org/abs/2211.05100",
    heads: &[
        head(Task::CausalLm, "BloomForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "BloomForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "BloomForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "BloomForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::BaseModel, "BloomModel", &[]),
    ],
    architecture,
    config,
    prefix: "transformer",
    keys: &[&[
        rename("word_embeddings", "embedding.token"),
        rename("word_embeddings_layernorm", "embedding.norm"),
        rename("h.{}.input_layernorm", "layers.{}.attention_norm"),
        split_heads(
            "h.{}.self_attention.query_key_value",
            &["layers.{}.attention.query", "layers.{}.attention.key", "layers.{}.attention.value"],
        ),
        transpose("h.{}.self_attention.dense", "layers.{}.attention.output"),
        rename("h.{}.post_attention_layernorm", "layers.{}.feed_forward_norm"),
        transpose("h.{}.mlp.dense_h_to_4h", "layers.{}.feed_forward.up"),
        transpose("h.{}.mlp.dense_4h_to_h", "layers.{}.feed_forward.down"),
        rename("ln_f", "norm"),
    ]],
};

/// The output projection; a copy of the token embeddings if it is tied.
const LM_HEAD: &[Key] =
    &[transpose("lm_head", "lm_head"), copy("lm_head.weight", "word_embeddings.weight")];

/// Defaults of transformers' `BloomConfig`. ALiBi has no longest sequence; 2048 is the length that
/// the published models were trained on.
const DEFAULTS: &str = r#"{
    "vocab_size": 250880, "hidden_size": 64, "n_layer": 2, "n_head": 8, "seq_length": 2048,
    "layer_norm_epsilon": 1e-5, "initializer_range": 0.02, "hidden_dropout": 0.0,
    "attention_dropout": 0.0, "tie_word_embeddings": true
}"#;

/// The published files use `n_embed` and `num_attention_heads`.
const NAMES: FieldNames = FieldNames {
    defaults: DEFAULTS,
    aliases: &[
        renaming("n_embed", "hidden_size"),
        renaming("num_hidden_layers", "n_layer"),
        renaming("num_attention_heads", "n_head"),
    ],
    shared: &[],
};

/// The fields of a config. `pretraining_tp` and `slow_but_exact` only change the order of
/// summation.
#[derive(Deserialize)]
struct ConfigJson {
    vocab_size: usize,
    hidden_size: usize,
    n_layer: usize,
    n_head: usize,
    seq_length: usize,
    layer_norm_epsilon: f64,
    initializer_range: f64,
    hidden_dropout: f64,
    attention_dropout: f64,
    tie_word_embeddings: bool,
    #[serde(flatten)]
    other: Map<String, Value>,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, NAMES)?;
    fixed(&json.other, "apply_residual_connection_post_layernorm", false)?;
    let d_model = size("hidden_size", json.hidden_size)?;
    let n_heads = size("n_head", json.n_head)?;
    let n_layers = size("n_layer", json.n_layer)?;
    let mut layer = layer(Shape {
        d_model,
        n_heads,
        d_head: divides("n_head", n_heads, d_model)?,
        d_ff: 4 * d_model,
        activation: Activation::GeluTanh,
        epsilon: epsilon("layer_norm_epsilon", json.layer_norm_epsilon)?,
    });
    layer.dropout = dropout("hidden_dropout", json.hidden_dropout)?;
    layer.attention.softmax_mut().dropout = dropout("attention_dropout", json.attention_dropout)?;
    layer.attention.positions = PositionEncoding::Alibi(n_heads);
    let embedding = EmbeddingConfig {
        norm: Some(layer.norm),
        ..EmbeddingConfig::new(d_model, PositionEmbedding::None)
    };
    let stack = stack(size("seq_length", json.seq_length)?, embedding, vec![layer; n_layers]);
    let output = OutputWeights::from(json.tie_word_embeddings);
    Ok(Architecture::decoder(decoder(json.vocab_size, stack, output, json.initializer_range)?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    size.refuse_kv_heads()?;
    refuse_d_ff(size)?;
    Ok(json!({
        "model_type": "bloom", "architectures": ["BloomForCausalLM"],
        "vocab_size": size.vocab_size, "seq_length": size.context, "hidden_size": size.d_model,
        "n_layer": size.n_layers, "n_head": size.n_heads,
        "hidden_dropout": size.dropout, "attention_dropout": size.dropout,
        "apply_residual_connection_post_layernorm": false, "layer_norm_epsilon": 1e-5,
        "initializer_range": size.init_std(), "tie_word_embeddings": true, "dtype": "float32",
        "bos_token_id": size.eos, "eos_token_id": size.eos, "pad_token_id": null,
    }))
}
