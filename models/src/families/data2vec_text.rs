//! Data2Vec for text: RoBERTa with another training objective, and its own class names.

use serde_json::Value;

use super::bert_like::{CLASSIFICATION_HEAD, KEYS, LM_HEAD, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::roberta::{architecture, sized};
use super::{Family, Size, Task};
use crate::hf::config::ConfigError;
use crate::hf::keys::{Key, transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["data2vec-text"],
    summary: "encoder; RoBERTa that learnt to predict states",
    paper: "Baevski et al. 2022, https://arxiv.org/abs/2202.03555",
    tasks: &[
        (Task::MaskedLm, "Data2VecTextForMaskedLM", LM_HEAD),
        (Task::SequenceClassifier, "Data2VecTextForSequenceClassification", CLASSIFICATION_HEAD),
        (Task::TokenClassifier, "Data2VecTextForTokenClassification", CLASSIFIER),
        (Task::Span, "Data2VecTextForQuestionAnswering", QA_OUTPUTS),
        (Task::MultipleChoice, "Data2VecTextForMultipleChoice", POOLED),
        (Task::BaseModel, "Data2VecTextModel", &[]),
    ],
    architecture,
    config,
    prefix: "data2vec_text",
    keys: &[KEYS, POOLER],
};

/// The multiple-choice head, after the pooler.
const POOLED: &[Key] = &[
    transpose("data2vec_text.pooler.dense", "transform.dense"),
    transpose("classifier", "classifier"),
];

fn config(size: &Size) -> Result<Value, ConfigError> {
    sized(size, "data2vec-text", "Data2VecTextForMaskedLM")
}
