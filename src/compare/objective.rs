//! How a backbone does what a task needs.

use serde::{Deserialize, Serialize};

use super::study::BackboneKind;
use crate::datasets::task::{Context, TaskKind};
use crate::models::families::{Family, Task as Head};

/// How an architecture does a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveKind {
    /// A pooled state names the label of the whole input.
    Pooled,
    /// Each state names the label of its position, by a classifier.
    Tags,
    /// Each state names the symbol that is hidden at its position.
    Unmasks,
    /// Each state names the next symbol, or the label of its position, from what came before.
    Next,
    /// Reads the input and a separator, and goes on with the answer.
    Continues,
    /// Reads the input, and writes the answer.
    Writes,
}

/// An architecture cannot do a task.
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
    /// How a backbone does what is needed.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub fn of(backbone: BackboneKind, kind: TaskKind) -> Result<Self, &'static str> {
        match (backbone, kind) {
            (BackboneKind::Encoder, TaskKind::Classification) => Ok(Self::Pooled),
            (BackboneKind::Encoder, TaskKind::Tagging(_)) => Ok(Self::Tags),
            (BackboneKind::Encoder, TaskKind::Masked) => Ok(Self::Unmasks),
            (BackboneKind::Encoder, TaskKind::Language) => {
                Err("an encoder sees the tokens that it should name; it fills masks, and a \
                     decoder or a recurrent model names what comes next")
            }
            (BackboneKind::Encoder, TaskKind::Transduction) => {
                Err("an encoder writes no sequences; take a decoder, an encoder-decoder or a \
                     recurrent model")
            }
            // A recurrent model reads in both directions where it need not write.
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
                Err("an encoder-decoder follows on a text that it reads, and here there is none; \
                     take a decoder or a recurrent model")
            }
            (_, TaskKind::Masked) => Err("only an encoder sees what lies behind a mask; take one"),
        }
    }

    /// The head that a model needs for it.
    pub fn head(self) -> Head {
        match self {
            Self::Pooled => Head::SequenceClassifier,
            Self::Tags => Head::TokenClassifier,
            Self::Unmasks => Head::MaskedLm,
            Self::Next | Self::Continues => Head::CausalLm,
            Self::Writes => Head::Seq2SeqLm,
        }
    }

    /// Whether labels are outputs of a classifier, and not symbols that a model writes.
    pub fn has_classifier(self) -> bool {
        matches!(self, Self::Pooled | Self::Tags)
    }

    /// Whether the model writes symbol after symbol.
    pub fn is_generative(self) -> bool {
        matches!(self, Self::Next | Self::Continues | Self::Writes)
    }

    /// How it is done, in a sentence.
    pub fn sentence(self, kind: TaskKind) -> &'static str {
        match (self, kind) {
            (Self::Pooled, _) => "a pooled state names the class",
            (Self::Tags, _) => "each state names the label of its position",
            (Self::Unmasks, _) => "each state names the hidden symbol at its position",
            (Self::Next, TaskKind::Language) => "each state names the next symbol",
            (Self::Next, _) => "each state names the label of its position, from what came before",
            (Self::Continues, TaskKind::Classification) => {
                "reads the input and a separator, and names the class as the next symbol"
            }
            (Self::Continues, _) => {
                "reads the input and a separator, and goes on with the answer, symbol by symbol"
            }
            (Self::Writes, TaskKind::Classification) => {
                "the encoder reads the input, the decoder's first symbol names the class"
            }
            (Self::Writes, _) => "the encoder reads the input, the decoder writes the answer",
        }
    }
}

/// The backbone of a family; `None` for those that look at images.
pub fn backbone(family: &Family) -> Option<BackboneKind> {
    if RECURRENT.contains(&family.name()) { Some(BackboneKind::Recurrent) } else { role(family) }
}

/// The backbone whose part a family plays: a recurrent model that reads one text and writes another
/// does what encoder-decoders do.
pub fn role(family: &Family) -> Option<BackboneKind> {
    let has = |wanted: Head| family.tasks.iter().any(|(task, ..)| *task == wanted);
    if has(Head::Seq2SeqLm) {
        Some(BackboneKind::EncoderDecoder)
    } else if RECURRENT.contains(&family.name()) {
        Some(BackboneKind::Recurrent)
    } else if has(Head::CausalLm) {
        Some(BackboneKind::Decoder)
    } else if has(Head::ImageClassifier) {
        None
    } else {
        Some(BackboneKind::Encoder)
    }
}

/// Families whose state is carried along.
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
    fn every_need_has_who_does_it_and_a_sentence() {
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
    fn an_encoder_does_not_write_and_only_an_encoder_unmasks() {
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
