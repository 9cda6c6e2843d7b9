//! BERT: the encoder of 2017 with learned positions, token types and GELU.

use serde_json::{Value, json};

use super::bert_like::{self, BertFields, KEYS, POOLER};
use super::head_keys::{CLASSIFIER, QA_OUTPUTS};
use super::{Architecture, Family, Size, Task, head};
use crate::heads::{ClassifierConfig, HeadsConfig, SentenceTask, SentencesConfig};
use crate::hf::config::{ConfigError, parse};
use crate::hf::keys::{Key, copy, drop, rename, transpose};

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["bert"],
    summary: "encoder; learned positions, LayerNorm behind the sub-layers, GELU",
    paper: "Devlin et al. 2018, https://arxiv.org/abs/1810.04805",
    heads: &[
        head(Task::MaskedLm, "BertForMaskedLM", &[PREDICTIONS, NO_SENTENCES]),
        head(Task::SequenceClassifier, "BertForSequenceClassification", &[POOLED, CLASSIFIER]),
        head(Task::TokenClassifier, "BertForTokenClassification", &[CLASSIFIER]),
        head(Task::Span, "BertForQuestionAnswering", &[QA_OUTPUTS]),
        head(Task::MultipleChoice, "BertForMultipleChoice", &[POOLED, CLASSIFIER]),
        head(Task::NextSentence, "BertForNextSentencePrediction", &[POOLED, NEXT_SENTENCE]),
        head(Task::PreTraining, "BertForPreTraining", &[POOLED_SENTENCES, SENTENCES, PREDICTIONS]),
        head(Task::BaseModel, "BertModel", &[]),
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
];

/// Drops the next-sentence head, which published files contain beside the masked-token head.
pub(super) const NO_SENTENCES: &[Key] = &[drop("cls.seq_relationship.*")];

/// The next-sentence head. Published files can contain the masked-token head too.
pub(super) const NEXT_SENTENCE: &[Key] =
    &[transpose("cls.seq_relationship", "classifier"), drop("cls.predictions.*")];

/// The next-sentence head, beside the masked-token head.
pub(super) const SENTENCES: &[Key] = &[transpose("cls.seq_relationship", "sentences.classifier")];

/// The pooler, which is part of the backbone, in classifiers.
const POOLED: &[Key] = &[transpose("bert.pooler.dense", "transform.dense")];

/// The pooler in the next-sentence head, beside the masked-token head.
const POOLED_SENTENCES: &[Key] = &[transpose("bert.pooler.dense", "sentences.transform.dense")];

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
    bert_like::config(&FAMILY, size, json!({}))
}
