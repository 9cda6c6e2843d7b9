//! Marian: the Transformer of 2017 with sines before cosines and swish; the logits have BART's
//! bias. The translation models of OPUS-MT.

use serde_json::{Value, json};

use super::bart_like::{
    self, BartFields, EPSILON, Form, KEYS, LOGITS_BIAS, POST_NORM, SINUSOIDS, TIED_HEAD,
};
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{OutputBias, PositionEmbedding, PositionNumbering};
use crate::hf::config::{ConfigError, fixed, parse};
use crate::layers::sinusoid::SinusoidLayout;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["marian"],
    summary: "encoder and decoder; sinusoidal positions, LayerNorm behind the sub-layers, swish",
    paper: "Junczys-Dowmunt et al. 2018, https://arxiv.org/abs/1804.00344",
    heads: &[head(Task::Seq2SeqLm, "MarianMTModel", &[TIED_HEAD, LOGITS_BIAS])],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, SINUSOIDS],
};

/// Defaults of transformers' `MarianConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 58101, "max_position_embeddings": 1024, "d_model": 1024, "encoder_layers": 12,
    "encoder_ffn_dim": 4096, "encoder_attention_heads": 16, "decoder_layers": 12,
    "decoder_ffn_dim": 4096, "decoder_attention_heads": 16, "activation_function": "gelu",
    "dropout": 0.1, "attention_dropout": 0.0, "activation_dropout": 0.0, "init_std": 0.02,
    "scale_embedding": false, "decoder_start_token_id": 58100
}"#;

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: BartFields = parse(json, bart_like::names(DEFAULTS))?;
    // Otherwise the encoder and the decoder have separate vocabularies.
    fixed(&json.other, "share_encoder_decoder_embeddings", true)?;
    let numbering = PositionNumbering::Sequential { offset: 0 };
    let model = json.model(&Form {
        wiring: POST_NORM,
        positions: PositionEmbedding::Sinusoidal(SinusoidLayout::Halves, numbering),
        embedding_norm: None,
        epsilon: EPSILON,
        output_bias: OutputBias::Constant,
    })?;
    Ok(Architecture::encoder_decoder(model, json.heads()?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let more = json!({ "activation_function": "swish", "decoder_vocab_size": size.vocab_size });
    bart_like::config(&FAMILY, size, more)
}
