//! LSTM: token embeddings, layers of long short-term memory, and an output projection that is tied
//! by default. It is not in transformers; its file format is the zoo's own, described in
//! `recurrent_like`.

use serde_json::Value;

use super::head_keys::{CLASSIFIER, LM_HEAD};
use super::recurrent_like::{self, KEYS};
use super::{Architecture, Family, Size, Task};
use crate::hf::config::ConfigError;
use crate::layers::recurrent::CellKind;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["lstm"],
    summary: "recurrent; long short-term memory, tied output",
    paper: "Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735",
    tasks: &[
        (Task::CausalLm, "LstmForCausalLM", LM_HEAD),
        (Task::SequenceClassifier, "LstmForSequenceClassification", CLASSIFIER),
        (Task::TokenClassifier, "LstmForTokenClassification", CLASSIFIER),
        (Task::BaseModel, "LstmModel", &[]),
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
    recurrent_like::config(size, ("lstm", "LstmForCausalLM"))
}
