//! T5: no biases, RMSNorm, and a learned bias for the distance of a query and a key, in buckets.
//! Version 1.0 has ReLU and scales its final hidden states; 1.1, Flan and ByT5 have gated layers
//! and no scale.

use serde::Deserialize;
use serde_json::Value;

use super::bart_like::{CLASSIFICATION_HEAD, TIED_HEAD};
use super::head_keys::{CLASSIFIER, ENCODER, QA_OUTPUTS, UNPREFIXED};
use super::t5_keys::{GATED, KEYS};
use super::t5_like::{self, T5Fields};
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["t5"],
    summary: "encoder and decoder; buckets of distances, RMSNorm before the sub-layers, no biases",
    paper: "Raffel et al. 2019, https://arxiv.org/abs/1910.10683",
    heads: &[
        head(Task::Seq2SeqLm, "T5ForConditionalGeneration", &[UNPREFIXED, TIED_HEAD]),
        // Published files with this class have the tied head.
        head(Task::Seq2SeqLm, "T5Model", &[UNPREFIXED, TIED_HEAD]),
        head(Task::SequenceClassifier, "T5ForSequenceClassification", &[CLASSIFICATION_HEAD]),
        head(Task::TokenClassifier, "T5ForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "T5ForQuestionAnswering", &[UNPREFIXED, QA_OUTPUTS]),
        head(Task::BaseModel, "T5EncoderModel", &[ENCODER]),
    ],
    architecture,
    config,
    // For classes with a new head; the language models keep the names of the bare model.
    prefix: "transformer",
    keys: &[GATED, KEYS],
};

/// Defaults of transformers' `T5Config`.
const DEFAULTS: &str = r#"{
    "vocab_size": 32128, "n_positions": 512, "d_model": 512, "d_kv": 64, "d_ff": 2048,
    "num_layers": 6, "num_heads": 8, "relative_attention_num_buckets": 32,
    "relative_attention_max_distance": 128, "dropout_rate": 0.1, "layer_norm_epsilon": 1e-6,
    "initializer_factor": 1.0, "feed_forward_proj": "relu", "pad_token_id": 0,
    "eos_token_id": 1
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    scale_decoder_outputs: Option<bool>,
    #[serde(flatten)]
    t5: T5Fields,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json: ConfigJson = parse(json, t5_like::names(DEFAULTS))?;
    let mut model = json.t5.model()?;
    // transformers 4 used one field for two properties: in files of version 1.1 it means that the
    // output projection is not tied, and that hidden states are not scaled.
    let is_scaled =
        json.scale_decoder_outputs.unwrap_or(json.t5.tie_word_embeddings != Some(false));
    if is_scaled {
        model.output_scale = (json.t5.d_model as f64).powf(-0.5);
    }
    Ok(Architecture::encoder_decoder(model, json.t5.heads()?))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    t5_like::config(&FAMILY, size)
}
