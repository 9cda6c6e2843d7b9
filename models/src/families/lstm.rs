//! LSTM: token embeddings, layers of long short-term memory, and an output projection that is tied
//! by default. It is not in transformers; its file format is the zoo's own, described in
//! `recurrent_like`.

use serde_json::Value;

use super::head_keys::{CLASSIFIER, LM_HEAD};
use super::recurrent_like::{self, KEYS};
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::ConfigError;
use crate::layers::recurrent::CellKind;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["lstm"],
    summary: "recurrent; long short-term memory, tied output",
    paper: "Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735",
    heads: &[
        head(Task::CausalLm, "LstmForCausalLM", &[LM_HEAD]),
        head(Task::SequenceClassifier, "LstmForSequenceClassification", &[CLASSIFIER]),
        head(Task::TokenClassifier, "LstmForTokenClassification", &[CLASSIFIER]),
        head(Task::BaseModel, "LstmModel", &[]),
    ],
    architecture,
    config,
    prefix: "model",
    keys: &[KEYS],
};

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    recurrent_like::architecture(json, CellKind::Lstm)
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    recurrent_like::config(&FAMILY, size)
}
