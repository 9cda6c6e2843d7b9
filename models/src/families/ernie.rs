//! ERNIE: BERT, with an embedding of the training task added to every token in later versions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::bert::{PREDICTIONS, with_next_sentence};
use super::bert_like::{self, BertFields, KEYS, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::{Architecture, Family, Size, Task};
use crate::hf::config::{ConfigError, parse, size};
use crate::hf::keys::{Key, drop, rename, transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["ernie"],
    summary: "encoder; BERT with a vector for a task",
    paper: "Sun et al. 2020, https://arxiv.org/abs/1907.12412",
    tasks: &[
        (Task::MaskedLm, "ErnieForMaskedLM", PREDICTIONS),
        (Task::SequenceClassifier, "ErnieForSequenceClassification", CLASSIFICATION),
        (Task::TokenClassifier, "ErnieForTokenClassification", CLASSIFIER),
        (Task::Span, "ErnieForQuestionAnswering", QA_OUTPUTS),
        (Task::MultipleChoice, "ErnieForMultipleChoice", CLASSIFICATION),
        (Task::NextSentence, "ErnieForNextSentencePrediction", NEXT_SENTENCE),
        (Task::PreTraining, "ErnieForPreTraining", PRE_TRAINING),
        (Task::BaseModel, "ErnieModel", &[]),
    ],
    architecture,
    config,
    prefix: "ernie",
    keys: &[TASK, KEYS, POOLER],
};

/// The task embeddings.
const TASK: &[Key] = &[rename("embeddings.task_type_embeddings", "embedding.task")];

/// Classifiers after the pooler, which is part of the backbone.
const CLASSIFICATION: &[Key] =
    &[transpose("ernie.pooler.dense", "transform.dense"), transpose("classifier", "classifier")];

/// The masked-token head and the next-sentence head.
const PRE_TRAINING: &[Key] = &[
    transpose("ernie.pooler.dense", "sentences.transform.dense"),
    transpose("cls.seq_relationship", "sentences.classifier"),
    PREDICTIONS[0],
    PREDICTIONS[1],
    PREDICTIONS[2],
    PREDICTIONS[3],
    PREDICTIONS[4],
    PREDICTIONS[5],
];

/// The next-sentence head. Published files can contain the masked-token head too.
const NEXT_SENTENCE: &[Key] = &[
    transpose("ernie.pooler.dense", "transform.dense"),
    transpose("cls.seq_relationship", "classifier"),
    drop("cls.predictions.*"),
];

/// Defaults of transformers' `ErnieConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1, "max_position_embeddings": 512, "type_vocab_size": 2,
    "task_type_vocab_size": 3, "use_task_id": false, "initializer_range": 0.02,
    "layer_norm_eps": 1e-12
}"#;

#[derive(Deserialize)]
struct ConfigJson {
    task_type_vocab_size: usize,
    use_task_id: bool,
    #[serde(flatten)]
    bert: BertFields,
}

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let ConfigJson { task_type_vocab_size, use_task_id, bert } = parse(json, DEFAULTS)?;
    let bert = bert.without_projection();
    let layers = vec![bert.layer()?; bert.num_hidden_layers];
    let mut encoder = bert.encoder(bert.positions_from_zero()?, layers)?;
    if use_task_id {
        encoder.stack.embedding.n_tasks = size("task_type_vocab_size", task_type_vocab_size)?;
    }
    Ok(Architecture::encoder(encoder, with_next_sentence(bert.heads()?)))
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    bert_like::config(size, ("ernie", "ErnieForMaskedLM"), json!({ "use_task_id": false }))
}
