//! CamemBERT: RoBERTa trained on French, with its own class names.

use serde_json::Value;

use super::bert_like::{CLASSIFICATION_HEAD, KEYS, LM_HEAD, POOLED, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::roberta::{architecture, sized};
use super::{Family, Size, Task};
use crate::hf::config::ConfigError;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["camembert"],
    summary: "encoder; RoBERTa for French",
    paper: "Martin et al. 2019, https://arxiv.org/abs/1911.03894",
    tasks: &[
        (Task::MaskedLm, "CamembertForMaskedLM", LM_HEAD),
        (Task::SequenceClassifier, "CamembertForSequenceClassification", CLASSIFICATION_HEAD),
        (Task::TokenClassifier, "CamembertForTokenClassification", CLASSIFIER),
        (Task::Span, "CamembertForQuestionAnswering", QA_OUTPUTS),
        (Task::MultipleChoice, "CamembertForMultipleChoice", POOLED),
        (Task::BaseModel, "CamembertModel", &[]),
    ],
    architecture,
    config,
    prefix: "roberta",
    keys: &[KEYS, POOLER],
};

fn config(size: &Size) -> Result<Value, ConfigError> {
    sized(size, "camembert", "CamembertForMaskedLM")
}
