//! Data2Vec for text: RoBERTa with another training objective, and its own class names.

use serde_json::Value;

use super::bert_like::{KEYS, LM_HEAD, MLP_CLASSIFIER, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::roberta::{architecture, sized};
use super::{Family, Size, Task, head};
use crate::hf::config::ConfigError;
use crate::hf::keys::{Key, transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["data2vec-text"],
    summary: "encoder; RoBERTa that learnt to predict states",
    paper: "Baevski et al. 2022, https://arxiv.org/abs/2202.03555",
    heads: &[
        head(Task::MaskedLm, "Data2VecTextForMaskedLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "Data2VecTextForSequenceClassification", &[MLP_CLASSIFIER]),
        head(Task::TokenClassifier, "Data2VecTextForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "Data2VecTextForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::MultipleChoice, "Data2VecTextForMultipleChoice", &[POOLED, CLASSIFIER]),
        head(Task::BaseModel, "Data2VecTextModel", &[]),
    ],
    architecture,
    config,
    prefix: "data2vec_text",
    keys: &[KEYS, POOLER],
};

/// The pooler in the multiple-choice head; the other heads omit it.
const POOLED: &[Key] = &[transpose("data2vec_text.pooler.dense", "transform.dense")];

fn config(size: &Size) -> Result<Value, ConfigError> {
    sized(&FAMILY, size)
}
