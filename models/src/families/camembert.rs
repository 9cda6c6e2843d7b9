//! CamemBERT: RoBERTa trained on French, with its own class names.

use serde_json::Value;

use super::bert_like::{KEYS, LM_HEAD, MLP_CLASSIFIER, POOLED, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::roberta::{architecture, sized};
use super::{Family, Size, Task, head};
use crate::hf::config::ConfigError;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["camembert"],
    summary: "encoder; RoBERTa for French",
    paper: "Martin et al. 2019, https://arxiv.org/abs/1911.03894",
    heads: &[
        head(Task::MaskedLm, "CamembertForMaskedLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "CamembertForSequenceClassification", &[MLP_CLASSIFIER]),
        head(Task::TokenClassifier, "CamembertForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "CamembertForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::MultipleChoice, "CamembertForMultipleChoice", &[POOLED, CLASSIFIER]),
        head(Task::BaseModel, "CamembertModel", &[]),
    ],
    architecture,
    config,
    prefix: "roberta",
    keys: &[KEYS, POOLER],
};

fn config(size: &Size) -> Result<Value, ConfigError> {
    sized(&FAMILY, size)
}
