//! The objective that a backbone is trained with on a task.

use serde::{Deserialize, Serialize};

use crate::datasets::task::{Context, TaskKind};
use crate::models::families::{Family, Task as Head};
use crate::report::study::BackboneKind;

/// The training objective of an architecture on a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveKind {
    /// Sequence classification: a classifier on the pooled state predicts the label of the input.
    Pooled,
    /// Token classification: a classifier predicts the label of each position.
    Tags,
    /// Masked language modeling: predicts the masked token at each masked position.
    Unmasks,
    /// Causal language modeling: predicts the next token, or the label of each position, from the
    /// tokens up to it.
    Next,
    /// Continuation: the prompt is the input and a separator, and the model generates the answer.
    Continues,
    /// Sequence-to-sequence: encodes the input, and the decoder generates the answer.
    Writes,
}

/// An architecture does not support a task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{architecture} cannot do {task}: {reason}")]
pub struct Impossible {
    /// The family.
    pub architecture: String,
    /// The task.
    pub task: String,
    /// Why not.
    pub reason: &'static str,
}

impl ObjectiveKind {
    /// The objective for a backbone on a kind of task.
    ///
    /// # Errors
    ///
    /// The reason why the backbone does not support the task.
    pub fn of(backbone: BackboneKind, kind: TaskKind) -> Result<Self, &'static str> {
        match (backbone, kind) {
            (BackboneKind::Encoder, TaskKind::Classification) => Ok(Self::Pooled),
            (BackboneKind::Encoder, TaskKind::Tagging(_)) => Ok(Self::Tags),
            (BackboneKind::Encoder, TaskKind::Masked) => Ok(Self::Unmasks),
            (BackboneKind::Encoder, TaskKind::Language) => {
                Err("an encoder attends to the tokens that it should predict; use a decoder or a \
                     recurrent model for next-token prediction, and an encoder for masked language \
                     modeling")
            }
            (BackboneKind::Encoder, TaskKind::Transduction) => {
                Err("an encoder does not generate sequences; use a decoder, an encoder-decoder or \
                     a recurrent model")
            }
            // A recurrent model is bidirectional where it does not generate.
            (BackboneKind::Recurrent, TaskKind::Classification) => Ok(Self::Pooled),
            (BackboneKind::Recurrent, TaskKind::Tagging(Context::Bidirectional)) => Ok(Self::Tags),
            (
                BackboneKind::Decoder | BackboneKind::Recurrent,
                TaskKind::Language | TaskKind::Tagging(Context::Causal),
            ) => Ok(Self::Next),
            (
                BackboneKind::Decoder | BackboneKind::Recurrent,
                TaskKind::Classification
                | TaskKind::Tagging(Context::Bidirectional)
                | TaskKind::Transduction,
            ) => Ok(Self::Continues),
            (
                BackboneKind::EncoderDecoder,
                TaskKind::Classification | TaskKind::Tagging(_) | TaskKind::Transduction,
            ) => Ok(Self::Writes),
            (BackboneKind::EncoderDecoder, TaskKind::Language) => {
                Err("an encoder-decoder needs a source text, and language modeling has none; use \
                     a decoder or a recurrent model")
            }
            (_, TaskKind::Masked) => {
                Err("only an encoder attends to the tokens after a mask; use an encoder")
            }
        }
    }

    /// The head that the objective needs.
    pub fn head(self) -> Head {
        match self {
            Self::Pooled => Head::SequenceClassifier,
            Self::Tags => Head::TokenClassifier,
            Self::Unmasks => Head::MaskedLm,
            Self::Next | Self::Continues => Head::CausalLm,
            Self::Writes => Head::Seq2SeqLm,
        }
    }

    /// Whether labels are the outputs of a classifier instead of generated tokens.
    pub fn has_classifier(self) -> bool {
        matches!(self, Self::Pooled | Self::Tags)
    }

    /// Whether the model generates token by token.
    pub fn is_generative(self) -> bool {
        matches!(self, Self::Next | Self::Continues | Self::Writes)
    }

    /// A description of the objective for reports, in one sentence.
    pub fn sentence(self, kind: TaskKind) -> &'static str {
        match (self, kind) {
            (Self::Pooled, _) => "predicts the class from the pooled hidden state",
            (Self::Tags, _) => "predicts the label of each position from its hidden state",
            (Self::Unmasks, _) => "predicts the original token at each masked position",
            (Self::Next, TaskKind::Language) => "predicts the next token at each position",
            (Self::Next, _) => "predicts the label of each position from the tokens up to it",
            (Self::Continues, TaskKind::Classification) => {
                "predicts the class as the next token after the input and a separator"
            }
            (Self::Continues, _) => "generates the answer after the input and a separator",
            (Self::Writes, TaskKind::Classification) => {
                "encodes the input; the decoder predicts the class as its first token"
            }
            (Self::Writes, _) => "encodes the input; the decoder generates the answer",
        }
    }
}

/// The backbone of a family; `None` for image models.
pub fn backbone(family: &Family) -> Option<BackboneKind> {
    if RECURRENT.contains(&family.name()) { Some(BackboneKind::Recurrent) } else { role(family) }
}

/// The backbone that decides the objectives of a family: a recurrent sequence-to-sequence model has
/// the objectives of an encoder-decoder.
pub fn role(family: &Family) -> Option<BackboneKind> {
    if family.has(Head::Seq2SeqLm) {
        Some(BackboneKind::EncoderDecoder)
    } else if RECURRENT.contains(&family.name()) {
        Some(BackboneKind::Recurrent)
    } else if family.has(Head::CausalLm) {
        Some(BackboneKind::Decoder)
    } else if family.has(Head::ImageClassifier) {
        None
    } else {
        Some(BackboneKind::Encoder)
    }
}

/// The recurrent families.
const RECURRENT: [&str; 3] = ["bahdanau", "gru", "lstm"];

#[cfg(test)]
mod tests {
    use super::*;

    const BACKBONES: [BackboneKind; 4] = [
        BackboneKind::Encoder,
        BackboneKind::Decoder,
        BackboneKind::EncoderDecoder,
        BackboneKind::Recurrent,
    ];

    #[test]
    fn every_task_kind_has_an_objective_and_a_sentence() {
        for kind in [
            TaskKind::Language,
            TaskKind::Masked,
            TaskKind::Classification,
            TaskKind::Tagging(Context::Causal),
            TaskKind::Tagging(Context::Bidirectional),
            TaskKind::Transduction,
        ] {
            let objectives: Vec<ObjectiveKind> =
                BACKBONES.into_iter().filter_map(|of| ObjectiveKind::of(of, kind).ok()).collect();
            assert!(!objectives.is_empty(), "{kind:?}");
            assert!(objectives.iter().all(|objective| !objective.sentence(kind).is_empty()));
        }
    }

    #[test]
    fn an_encoder_does_not_generate_and_only_an_encoder_unmasks() {
        for kind in [TaskKind::Language, TaskKind::Transduction] {
            assert!(ObjectiveKind::of(BackboneKind::Encoder, kind).is_err());
        }
        for backbone in BACKBONES {
            assert_eq!(
                ObjectiveKind::of(backbone, TaskKind::Masked).is_ok(),
                backbone == BackboneKind::Encoder
            );
        }
    }
}
