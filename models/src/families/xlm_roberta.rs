//! XLM-RoBERTa: RoBERTa trained on a hundred languages, with its own class names.

use serde_json::Value;

use super::bert_like::{KEYS, LM_HEAD, MLP_CLASSIFIER, POOLED, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::roberta::{architecture, sized};
use super::{Family, Size, Task, head};
use crate::hf::config::ConfigError;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["xlm-roberta"],
    summary: "encoder; RoBERTa for many languages",
    paper: "Conneau et al. 2019, https://arxiv.org/abs/1911.02116",
    heads: &[
        head(Task::MaskedLm, "XLMRobertaForMaskedLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "XLMRobertaForSequenceClassification", &[MLP_CLASSIFIER]),
        head(Task::TokenClassifier, "XLMRobertaForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "XLMRobertaForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::MultipleChoice, "XLMRobertaForMultipleChoice", &[POOLED, CLASSIFIER]),
        head(Task::BaseModel, "XLMRobertaModel", &[]),
    ],
    architecture,
    config,
    prefix: "roberta",
    keys: &[KEYS, POOLER],
};

fn config(size: &Size) -> Result<Value, ConfigError> {
    sized(&FAMILY, size)
}
