//! mT5: T5 1.1 for a hundred languages. Its final hidden states are never scaled, regardless of the
//! config.

use serde_json::Value;

use super::bart_like::{CLASSIFICATION_HEAD, TIED_HEAD};
use super::head_keys::{CLASSIFIER, ENCODER, QA_OUTPUTS, UNPREFIXED};
use super::t5_keys::{GATED, KEYS};
use super::t5_like::{self, T5Fields};
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["mt5"],
    summary: "encoder and decoder; T5 with gates and many languages",
    paper: "Xue et al. 2020, https://arxiv.org/abs/2010.11934",
    heads: &[
        head(Task::Seq2SeqLm, "MT5ForConditionalGeneration", &[UNPREFIXED, TIED_HEAD]),
        // Published files with this class have the tied head.
        head(Task::Seq2SeqLm, "MT5Model", &[UNPREFIXED, TIED_HEAD]),
        head(Task::SequenceClassifier, "MT5ForSequenceClassification", &[CLASSIFICATION_HEAD]),
        head(Task::TokenClassifier, "MT5ForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "MT5ForQuestionAnswering", &[UNPREFIXED, QA_OUTPUTS]),
        head(Task::BaseModel, "MT5EncoderModel", &[ENCODER]),
    ],
    architecture,
    config,
    // For classes with a new head; the language models keep the names of the bare model.
    prefix: "transformer",
    keys: &[GATED, KEYS],
};

/// Defaults of transformers' `MT5Config`.
const DEFAULTS: &str = r#"{
    "vocab_size": 250112, "n_positions": 512, "d_model": 512, "d_kv": 64, "d_ff": 1024,
    "num_layers": 8, "num_heads": 6, "relative_attention_num_buckets": 32,
    "relative_attention_max_distance": 128, "dropout_rate": 0.1, "layer_norm_epsilon": 1e-6,
    "initializer_factor": 1.0, "feed_forward_proj": "gated-gelu", "pad_token_id": 0,
    "decoder_start_token_id": 0, "eos_token_id": 1
}"#;

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: T5Fields = parse(json, t5_like::names(DEFAULTS))?;
    Ok(Architecture::encoder_decoder(json.model()?, json.heads()?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    t5_like::config(&FAMILY, size)
}
