//! RoBERTa: BERT with positions that start after the padding id, one token type, and its own heads.

use serde_json::{Value, json};

use super::bert_like::{self, BertFields, KEYS, LM_HEAD, MLP_CLASSIFIER, POOLED, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse};
use crate::layers::activation::Activation;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["roberta"],
    summary: "encoder; BERT with positions behind the id of padding",
    paper: "Liu et al. 2019, https://arxiv.org/abs/1907.11692",
    heads: &[
        head(Task::MaskedLm, "RobertaForMaskedLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "RobertaForSequenceClassification", &[MLP_CLASSIFIER]),
        head(Task::TokenClassifier, "RobertaForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "RobertaForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::MultipleChoice, "RobertaForMultipleChoice", &[POOLED, CLASSIFIER]),
        head(Task::BaseModel, "RobertaModel", &[]),
    ],
    architecture,
    config,
    prefix: "roberta",
    keys: &[KEYS, POOLER],
};

/// Defaults of transformers' `RobertaConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 50265, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1, "max_position_embeddings": 512, "type_vocab_size": 2,
    "initializer_range": 0.02, "layer_norm_eps": 1e-12
}"#;

pub(super) fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json = parse::<BertFields>(json, DEFAULTS)?.without_projection();
    let layers = vec![json.layer()?; json.num_hidden_layers];
    let encoder = json.encoder(json.positions_behind_padding()?, layers)?;
    let mut heads = json.heads()?;
    // Independent of hidden_act, as in the reference.
    heads.masked_lm = Some(json.masked_lm(Activation::Gelu)?);
    heads.classifier.dropout[0] = heads.classifier.dropout[1];
    heads.choice.dropout[1] = json.hidden_dropout_prob;
    Ok(Architecture::encoder(encoder, heads))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    sized(&FAMILY, size)
}

/// The `config.json` of a new model of this family.
pub(super) fn sized(family: &Family, size: &Size) -> Result<Value, ConfigError> {
    let fields = json!({
        "pad_token_id": 1, "max_position_embeddings": size.context + 2, "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
    });
    bert_like::config(family, size, fields)
}
