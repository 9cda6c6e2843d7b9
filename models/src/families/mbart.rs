//! mBART: BART with norms before the sub-layers and after the last block, and scaled embeddings.

use serde_json::{Value, json};

use super::bart_like::{
    self, BartFields, CLASSIFICATION_HEAD, EMBEDDING_NORMS, EPSILON, FINAL_NORMS, Form, KEYS,
    LOGITS_BIAS, POSITIONS, PRE_NORM, TIED_HEAD,
};
use super::head_keys::QA_OUTPUTS;
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{OutputBias, PositionEmbedding, PositionNumbering, Shift};
use crate::hf::config::{ConfigError, parse};
use crate::layers::norm::NormKind;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["mbart"],
    summary: "encoder and decoder; BART with LayerNorm before the sub-layers",
    paper: "Liu et al. 2020, https://arxiv.org/abs/2001.08210",
    heads: &[
        head(Task::Seq2SeqLm, "MBartForConditionalGeneration", &[TIED_HEAD, LOGITS_BIAS]),
        head(Task::SequenceClassifier, "MBartForSequenceClassification", &[CLASSIFICATION_HEAD]),
        head(Task::Span, "MBartForQuestionAnswering", &[QA_OUTPUTS]),
        // Published files with this class have the tied head.
        head(Task::Seq2SeqLm, "MBartModel", &[TIED_HEAD, LOGITS_BIAS]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, POSITIONS, EMBEDDING_NORMS, FINAL_NORMS],
};

/// Defaults of transformers' `MBartConfig`, which has none for the start token, a language code.
const DEFAULTS: &str = r#"{
    "vocab_size": 50265, "max_position_embeddings": 1024, "d_model": 1024, "encoder_layers": 12,
    "encoder_ffn_dim": 4096, "encoder_attention_heads": 16, "decoder_layers": 12,
    "decoder_ffn_dim": 4096, "decoder_attention_heads": 16, "activation_function": "gelu",
    "dropout": 0.1, "attention_dropout": 0.0, "activation_dropout": 0.0, "init_std": 0.02,
    "scale_embedding": false, "eos_token_id": 2
}"#;

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: BartFields = parse(json, bart_like::names(DEFAULTS))?;
    let mut model = json.model(&Form {
        wiring: PRE_NORM,
        // The first two rows of the table are unused.
        positions: PositionEmbedding::Learned(PositionNumbering::Sequential { offset: 2 }),
        embedding_norm: Some(NormKind::Layer),
        epsilon: EPSILON,
        output_bias: OutputBias::Constant,
    })?;
    model.shift = Shift::LastToken;
    Ok(Architecture::encoder_decoder(model, json.heads()?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let more = json!({ "activation_function": "gelu" });
    bart_like::config(&FAMILY, size, more)
}
