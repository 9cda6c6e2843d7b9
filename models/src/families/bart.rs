//! BART: the Transformer of 2017 with learned positions, a norm on the embeddings and GELU; the
//! logits have a constant bias.

use serde_json::{Value, json};

use super::bart_like::{
    self, BartFields, CLASSIFICATION_HEAD, EMBEDDING_NORMS, EPSILON, Form, KEYS, LOGITS_BIAS,
    POSITIONS, POST_NORM, TIED_HEAD,
};
use super::head_keys::QA_OUTPUTS;
use super::{Architecture, Family, Size, Task, head};
use crate::backbones::{OutputBias, PositionEmbedding, PositionNumbering};
use crate::hf::config::{ConfigError, parse};
use crate::hf::keys::{Key, drop};
use crate::layers::norm::NormKind;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["bart"],
    summary: "encoder and decoder; learned positions, LayerNorm behind the sub-layers, GELU",
    paper: "Lewis et al. 2019, https://arxiv.org/abs/1910.13461",
    heads: &[
        head(Task::Seq2SeqLm, "BartForConditionalGeneration", &[TIED_HEAD, LOGITS_BIAS]),
        head(Task::SequenceClassifier, "BartForSequenceClassification", &[CLASSIFICATION_HEAD]),
        head(Task::Span, "BartForQuestionAnswering", &[QA_OUTPUTS]),
        // Published files with this class have the tied head.
        head(Task::Seq2SeqLm, "BartModel", &[TIED_HEAD, LOGITS_BIAS]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS, POSITIONS, EMBEDDING_NORMS, VERSIONS],
};

/// fairseq's markers, which the first files contain.
const VERSIONS: &[Key] = &[drop("encoder.version"), drop("decoder.version")];

/// Defaults of transformers' `BartConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 50265, "max_position_embeddings": 1024, "d_model": 1024, "encoder_layers": 12,
    "encoder_ffn_dim": 4096, "encoder_attention_heads": 16, "decoder_layers": 12,
    "decoder_ffn_dim": 4096, "decoder_attention_heads": 16, "activation_function": "gelu",
    "dropout": 0.1, "attention_dropout": 0.0, "activation_dropout": 0.0, "init_std": 0.02,
    "scale_embedding": false, "decoder_start_token_id": 2,
    "eos_token_id": 2
}"#;

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: BartFields = parse(json, bart_like::names(DEFAULTS))?;
    let model = json.model(&Form {
        wiring: POST_NORM,
        // The first two rows of the table are unused.
        positions: PositionEmbedding::Learned(PositionNumbering::Sequential { offset: 2 }),
        embedding_norm: Some(NormKind::Layer),
        epsilon: EPSILON,
        output_bias: OutputBias::Constant,
    })?;
    Ok(Architecture::encoder_decoder(model, json.heads()?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let more = json!({ "activation_function": "gelu", "scale_embedding": false });
    bart_like::config(&FAMILY, size, more)
}
