//! ELECTRA: BERT with embeddings that are projected where their width differs, and its own heads.

use serde::Deserialize;
use serde_json::{Value, json};

use super::backbones::dropout;
use super::bert_like::{self, BertFields, KEYS, MLP_CLASSIFIER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::{Architecture, Family, Size, Task, head};
use crate::heads::{Pooler, PredictionHeadConfig, TokenHeadConfig};
use crate::hf::activation::activation;
use crate::hf::config::{ConfigError, fixed, parse};
use crate::hf::keys::{Key, copy, rename, transpose};
use crate::layers::activation::Activation;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["electra"],
    summary: "encoder; BERT with narrow embeddings, trained to tell replaced tokens",
    paper: "Clark et al. 2020, https://arxiv.org/abs/2003.10555",
    heads: &[
        head(Task::MaskedLm, "ElectraForMaskedLM", &[GENERATOR]),
        head(Task::SequenceClassifier, "ElectraForSequenceClassification", &[MLP_CLASSIFIER]),
        head(Task::TokenClassifier, "ElectraForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "ElectraForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::MultipleChoice, "ElectraForMultipleChoice", &[SUMMARY, CLASSIFIER]),
        head(Task::ReplacedTokens, "ElectraForPreTraining", &[DISCRIMINATOR]),
        head(Task::BaseModel, "ElectraModel", &[]),
    ],
    architecture,
    config,
    prefix: "electra",
    keys: &[KEYS, &[transpose("embeddings_project", "embedding.projection")]],
};

/// The masked-token head.
const GENERATOR: &[Key] = &[
    transpose("generator_predictions.dense", "transform.dense"),
    rename("generator_predictions.LayerNorm", "transform.norm"),
    rename("generator_lm_head", "output"),
    transpose("generator_lm_head", "lm_head"),
    copy("generator_lm_head.weight", "embeddings.word_embeddings.weight"),
];

/// The replaced-token head.
const DISCRIMINATOR: &[Key] = &[
    transpose("discriminator_predictions.dense", "transform.dense"),
    transpose("discriminator_predictions.dense_prediction", "classifier"),
];

/// The transform of the multiple-choice head.
const SUMMARY: &[Key] = &[transpose("sequence_summary.summary", "transform.dense")];

/// Defaults of transformers' `ElectraConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 30522, "embedding_size": 128, "hidden_size": 256, "num_hidden_layers": 12,
    "num_attention_heads": 4, "intermediate_size": 1024, "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1,
    "max_position_embeddings": 512, "type_vocab_size": 2, "initializer_range": 0.02,
    "layer_norm_eps": 1e-12, "summary_activation": "gelu", "summary_last_dropout": 0.1
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    summary_activation: String,
    summary_last_dropout: f64,
    #[serde(flatten)]
    bert: BertFields,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { summary_activation, summary_last_dropout, bert: json } =
        parse(json, DEFAULTS)?;
    fixed(&json.other, "summary_type", "first")?;
    fixed(&json.other, "summary_use_proj", true)?;
    let layers = vec![json.layer()?; json.num_hidden_layers];
    let encoder = json.encoder(json.positions_from_zero()?, layers)?;
    let mut heads = json.heads()?;
    // Independent of hidden_act and summary_activation, as in the reference.
    heads.masked_lm = Some(json.masked_lm(Activation::Gelu)?);
    heads.pooler = Pooler::Absent;
    heads.classifier.transform =
        Some(PredictionHeadConfig::new(json.hidden_size, Activation::Gelu));
    heads.classifier.dropout[0] = heads.classifier.dropout[1];
    let width = json.hidden_size;
    let of_summary = activation("summary_activation", &summary_activation)?;
    heads.choice.transform = Some(PredictionHeadConfig::new(width, of_summary));
    heads.choice.dropout = [0.0, dropout("summary_last_dropout", summary_last_dropout)?];
    let transform = PredictionHeadConfig::new(width, activation("hidden_act", &json.hidden_act)?);
    heads.replaced = Some(TokenHeadConfig { transform: Some(transform), dropout: 0.0 });
    Ok(Architecture::encoder(encoder, heads))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    let narrow = (size.d_model / 2).max(1);
    let fields = json!({ "embedding_size": narrow, "summary_last_dropout": size.dropout });
    bert_like::config(&FAMILY, size, fields)
}
