//! BERT: the encoder of 2017 with learned positions, token types and GELU.

use serde_json::{Value, json};

use super::bert_like::{self, BertFields, KEYS, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::{Architecture, Family, Size, Task};
use crate::heads::{ClassifierConfig, HeadsConfig, SentenceTask, SentencesConfig};
use crate::hf::config::{ConfigError, parse};
use crate::hf::keys::{Key, copy, drop, rename, transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["bert"],
    summary: "encoder; learned positions, LayerNorm behind the sub-layers, GELU",
    paper: "Devlin et al. 2018, https://arxiv.org/abs/1810.04805",
    tasks: &[
        (Task::MaskedLm, "BertForMaskedLM", PREDICTIONS),
        (Task::SequenceClassifier, "BertForSequenceClassification", CLASSIFICATION),
        (Task::TokenClassifier, "BertForTokenClassification", CLASSIFIER),
        (Task::Span, "BertForQuestionAnswering", QA_OUTPUTS),
        (Task::MultipleChoice, "BertForMultipleChoice", CLASSIFICATION),
        (Task::NextSentence, "BertForNextSentencePrediction", NEXT_SENTENCE),
        (Task::PreTraining, "BertForPreTraining", PRE_TRAINING),
        (Task::BaseModel, "BertModel", &[]),
    ],
    architecture,
    config,
    prefix: "bert",
    keys: &[KEYS, POOLER],
};

/// The masked-token head.
pub(super) const PREDICTIONS: &[Key] = &[
    transpose("cls.predictions.transform.dense", "transform.dense"),
    rename("cls.predictions.transform.LayerNorm", "transform.norm"),
    rename("cls.predictions", "output"),
    transpose("cls.predictions.decoder", "lm_head"),
    copy("cls.predictions.decoder.weight", "embeddings.word_embeddings.weight"),
    copy("cls.predictions.decoder.bias", "cls.predictions.bias"),
    // The next-sentence head, which published files contain.
    drop("cls.seq_relationship.*"),
];

/// The masked-token head and the next-sentence head.
const PRE_TRAINING: &[Key] = &[
    transpose("bert.pooler.dense", "sentences.transform.dense"),
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
    transpose("bert.pooler.dense", "transform.dense"),
    transpose("cls.seq_relationship", "classifier"),
    drop("cls.predictions.*"),
];

/// Classifiers after the pooler, which is part of the backbone.
const CLASSIFICATION: &[Key] =
    &[transpose("bert.pooler.dense", "transform.dense"), transpose("classifier", "classifier")];

/// Defaults of transformers' `BertConfig`.
const DEFAULTS: &str = r#"{
    "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1, "max_position_embeddings": 512, "type_vocab_size": 2,
    "initializer_range": 0.02, "layer_norm_eps": 1e-12
}"#;

fn architecture(json: &str) -> Result<Architecture, ConfigError> {
    let json = parse::<BertFields>(json, DEFAULTS)?.without_projection();
    let layers = vec![json.layer()?; json.num_hidden_layers];
    let encoder = json.encoder(json.positions_from_zero()?, layers)?;
    Ok(Architecture::encoder(encoder, with_next_sentence(json.heads()?)))
}

/// Adds a next-sentence head.
pub(super) fn with_next_sentence(heads: HeadsConfig) -> HeadsConfig {
    let head = ClassifierConfig { dropout: [0.0; 2], ..heads.classifier };
    HeadsConfig { sentences: Some(SentencesConfig { task: SentenceTask::Next, head }), ..heads }
}

fn config(size: &Size) -> Result<Value, ConfigError> {
    bert_like::config(size, ("bert", "BertForMaskedLM"), json!({}))
}
