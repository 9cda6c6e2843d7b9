//! GRU: LSTM with gated recurrent units, which have no cell state besides the hidden state.

use serde_json::Value;

use super::head_keys::{CLASSIFIER, LM_HEAD};
use super::recurrent_like::{self, KEYS};
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::ConfigError;
use crate::layers::recurrent::CellKind;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["gru"],
    summary: "recurrent; gated recurrent units, tied output",
    paper: "Cho et al. 2014, https://arxiv.org/abs/1406.1078",
    heads: &[
        head(Task::CausalLm, "GruForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "GruForSequenceClassification", &[CLASSIFIER]),
        head(Task::TokenClassifier, "GruForTokenClassification", &[CLASSIFIER]),
        head(Task::BaseModel, "GruModel", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS],
};

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    recurrent_like::architecture(json, CellKind::Gru)
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    recurrent_like::config(&FAMILY, size)
}
