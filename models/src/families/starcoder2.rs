//! StarCoder 2: Llama with LayerNorm, a plain feed-forward layer, biases and a sliding window.

use serde::Deserialize;
use serde_json::{Value, json};

use super::backbones::dropout;
use super::head_keys::{LM_HEAD, SCORE};
use super::llama_like::{self, FEED_FORWARD_NORM, KEYS, LlamaFields};
use super::size::with;
use super::windows::slide;
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, FieldNames, parse, renaming};
use crate::hf::keys::{Key, transpose};
use crate::layers::attention::ProjectionBias;
use crate::layers::feed_forward::FeedForwardKind;
use crate::layers::linear::Bias;
use crate::layers::norm::NormKind;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["starcoder2"],
    summary: "decoder; Llama with LayerNorm, biases and a plain feed-forward layer",
    paper: "Lozhkov et al. 2024, https://arxiv.org/abs/2402.19173",
    heads: &[
        head(Task::CausalLm, "Starcoder2ForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "Starcoder2ForSequenceClassification", &[SCORE]),
        head(Task::TokenClassifier, "Starcoder2ForTokenClassification", &[SCORE]),
        head(Task::BaseModel, "Starcoder2Model", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[FEED_FORWARD, KEYS, FEED_FORWARD_NORM],
};

/// The plain feed-forward layer, under GPT-2's names.
const FEED_FORWARD: &[Key] = &[
    transpose("layers.{}.mlp.c_fc", "layers.{}.feed_forward.up"),
    transpose("layers.{}.mlp.c_proj", "layers.{}.feed_forward.down"),
];

/// Defaults of transformers' `Starcoder2Config`.
const DEFAULTS: &str = r#"{
    "vocab_size": 49152, "hidden_size": 3072, "intermediate_size": 12288, "num_hidden_layers": 30,
    "num_attention_heads": 24, "num_key_value_heads": 2, "hidden_act": "gelu_pytorch_tanh",
    "max_position_embeddings": 4096, "initializer_range": 0.018042, "norm_epsilon": 1e-5,
    "residual_dropout": 0.0, "embedding_dropout": 0.0, "use_bias": true,
    "tie_word_embeddings": true
}"#;

const NAMES: FieldNames = FieldNames {
    defaults: DEFAULTS,
    aliases: &[],
    shared: &[renaming("norm_epsilon", "rms_norm_eps")],
};

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    llama: LlamaFields,
    sliding_window: Option<usize>,
    residual_dropout: f64,
    embedding_dropout: f64,
    use_bias: bool,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, NAMES)?;
    let mut layer = slide(json.llama.layer()?, json.sliding_window)?;
    let bias = Bias::from(json.use_bias);
    layer.attention.bias = ProjectionBias::all(bias);
    (layer.feed_forward.kind, layer.feed_forward.bias) = (FeedForwardKind::Plain, bias);
    layer.norm.kind = NormKind::Layer;
    layer.dropout = dropout("residual_dropout", json.residual_dropout)?;
    let mut decoder = json.llama.decoder(vec![layer; json.llama.num_hidden_layers])?;
    decoder.stack.embedding.dropout = dropout("embedding_dropout", json.embedding_dropout)?;
    Ok(Architecture::decoder(decoder))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let mut config = llama_like::config(&FAMILY, size);
    if let Some(fields) = config.as_object_mut() {
        fields.remove("rms_norm_eps");
    }
    let own = json!({
        "intermediate_size": size.d_ff.unwrap_or(4 * size.d_model), "norm_epsilon": 1e-5,
        "hidden_act": "gelu_pytorch_tanh", "use_bias": true, "sliding_window": null,
        "residual_dropout": size.dropout, "embedding_dropout": size.dropout,
        "tie_word_embeddings": true,
    });
    Ok(with(config, own))
}
