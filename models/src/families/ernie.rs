//! ERNIE: BERT, with an embedding of the training task added to every token in later versions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::bert::{NEXT_SENTENCE, NO_SENTENCES, PREDICTIONS, SENTENCES, with_next_sentence};
use super::bert_like::{self, BertFields, KEYS, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::{Architecture, Family, Size, Task, head};
use crate::hf::config::{ConfigError, parse, size};
use crate::hf::keys::{Key, rename, transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["ernie"],
    summary: "encoder; BERT with a vector for a task",
    paper: "Sun et al. 2020, https://arxiv.org/abs/1907.12412",
    heads: &[
        head(Task::MaskedLm, "ErnieForMaskedLM", &[PREDICTIONS, NO_SENTENCES]),
        head(Task::SequenceClassifier, "ErnieForSequenceClassification", &[POOLED, CLASSIFIER]),
        head(Task::TokenClassifier, "ErnieForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "ErnieForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::MultipleChoice, "ErnieForMultipleChoice", &[POOLED, CLASSIFIER]),
        head(Task::NextSentence, "ErnieForNextSentencePrediction", &[POOLED, NEXT_SENTENCE]),
        head(Task::PreTraining, "ErnieForPreTraining", &[POOLED_SENTENCES, SENTENCES, PREDICTIONS]),
        head(Task::BaseModel, "ErnieModel", &[]),
    ],
    architecture,
    config,
    prefix: "ernie",
    keys: &[TASK, KEYS, POOLER],
};

/// The task embeddings.
const TASK: &[Key] = &[rename("embeddings.task_type_embeddings", "embedding.task")];

/// The pooler, which is part of the backbone, in classifiers.
const POOLED: &[Key] = &[transpose("ernie.pooler.dense", "transform.dense")];

/// The pooler in the next-sentence head, beside the masked-token head.
const POOLED_SENTENCES: &[Key] = &[transpose("ernie.pooler.dense", "sentences.transform.dense")];

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
    bert_like::config(&FAMILY, size, json!({ "use_task_id": false }))
}
