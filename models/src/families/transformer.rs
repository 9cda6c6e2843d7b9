//! The Transformer of 2017: BART with sinusoidal positions and ReLU, without norms on the
//! embeddings and without a bias on the logits. It is not in transformers; its field names are
//! BART's.

use serde::Deserialize;
use serde_json::{Value, json};

use super::bart_like::{self, BartFields, Form, KEYS, POST_NORM, TIED_HEAD};
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{OutputBias, PositionEmbedding, PositionNumbering};
use crate::hf::config::{ConfigError, parse};
use crate::layers::sinusoid::SinusoidLayout;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["transformer"],
    summary: "encoder and decoder; sinusoidal positions, LayerNorm behind the sub-layers, ReLU",
    paper: "Vaswani et al. 2017, https://arxiv.org/abs/1706.03762",
    heads: &[head(Task::Seq2SeqLm, "TransformerForConditionalGeneration", &[TIED_HEAD])],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS],
};

/// The paper's base model.
const DEFAULTS: &str = r#"{
    "vocab_size": 37000, "max_position_embeddings": 1024, "d_model": 512, "encoder_layers": 6,
    "encoder_ffn_dim": 2048, "encoder_attention_heads": 8, "decoder_layers": 6,
    "decoder_ffn_dim": 2048, "decoder_attention_heads": 8, "activation_function": "relu",
    "dropout": 0.1, "attention_dropout": 0.0, "activation_dropout": 0.0, "init_std": 0.02,
    "scale_embedding": true, "layer_norm_eps": 1e-5, "decoder_start_token_id": 0
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    layer_norm_eps: f64,
    #[serde(flatten)]
    bart: BartFields,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, bart_like::names(DEFAULTS))?;
    let numbering = PositionNumbering::Sequential { offset: 0 };
    let model = json.bart.model(&Form {
        wiring: POST_NORM,
        positions: PositionEmbedding::Sinusoidal(SinusoidLayout::Interleaved, numbering),
        embedding_norm: None,
        epsilon: json.layer_norm_eps,
        output_bias: OutputBias::Absent,
    })?;
    Ok(Architecture::encoder_decoder(model, json.bart.heads()?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    // §5.4: dropout applies to the results of the sub-layers and to the embeddings only.
    let within = json!({
        "attention_dropout": 0.0, "activation_dropout": 0.0, "layer_norm_eps": 1e-5,
    });
    bart_like::config(&FAMILY, size, within)
}
