//! XLM-RoBERTa: RoBERTa trained on a hundred languages, with its own class names.

use serde_json::Value;

use super::bert_like::{CLASSIFICATION_HEAD, KEYS, LM_HEAD, POOLED, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::roberta::{architecture, sized};
use super::{Family, Size, Task};
use crate::hf::config::ConfigError;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["xlm-roberta"],
    summary: "encoder; RoBERTa for many languages",
    paper: "Conneau et al. 2019, https://arxiv.org/abs/1911.02116",
    tasks: &[
        (Task::MaskedLm, "XLMRobertaForMaskedLM", LM_HEAD),
        (Task::SequenceClassifier, "XLMRobertaForSequenceClassification", CLASSIFICATION_HEAD),
        (Task::TokenClassifier, "XLMRobertaForTokenClassification", CLASSIFIER),
        (Task::Span, "XLMRobertaForQuestionAnswering", QA_OUTPUTS),
        (Task::MultipleChoice, "XLMRobertaForMultipleChoice", POOLED),
        (Task::BaseModel, "XLMRobertaModel", &[]),
    ],
    architecture,
    config,
    prefix: "roberta",
    keys: &[KEYS, POOLER],
};

fn config(size: &Size) -> Result<Value, ConfigError> {
    sized(size, "xlm-roberta", "XLMRobertaForMaskedLM")
}
