//! Token classification: named entities, parts of speech.

mod aggregate;
mod overlap;

use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::preprocessor::{self, Opened, Preprocessor};
use super::scores::softmax;
use super::{PipelineError, TextError};
use crate::datasets::tokenizer::{Encoding, Special, TokenizerError};
use crate::models::checkpoint::{Model, TaskRequirement};
use crate::models::families::Task;
use crate::models::heads::TokenClassifier;
use crate::models::parameters;
use crate::models::precision::Precision;
use aggregate::Piece;

/// Labels spans of texts: names of people and places, parts of speech.
#[derive(Debug)]
pub struct TokenClassification {
    preprocessor: Preprocessor,
    model: TokenClassifier,
    labels: Vec<String>,
    unknown: Option<u32>,
}

/// How labeled tokens are grouped into entities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Aggregation {
    /// No grouping: every token is an entity.
    None,
    /// Groups adjacent tokens with the same label, unless the next label starts with `B-`.
    #[default]
    Simple,
    /// The same for whole words, each with the label of its first token.
    First,
    /// The same for whole words, each with the highest label of its tokens' mean scores.
    Average,
    /// The same for whole words, each with the label of its most confident token.
    Max,
}

/// Options of token classification.
#[derive(Debug, Clone, PartialEq)]
pub struct Tagging {
    /// How labeled tokens are grouped into entities.
    pub aggregation: Aggregation,
    /// Labels to omit.
    pub ignored: Vec<String>,
    /// Long texts are split into windows that share this many tokens; `None` truncates them.
    pub overlap: Option<usize>,
}

/// A labeled span of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// The label; without `B-` or `I-` if tokens are grouped.
    pub label: String,
    /// Its probability.
    pub score: f32,
    /// The text of the span, as decoded by the tokenizer.
    pub word: String,
    /// The index of its first character in the text.
    pub start: usize,
    /// The index after its last character.
    pub end: usize,
    /// The index of the token, if tokens are not grouped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
}

impl Default for Tagging {
    fn default() -> Self {
        Self { aggregation: Aggregation::default(), ignored: vec!["O".into()], overlap: None }
    }
}

impl From<Aggregation> for Tagging {
    fn from(aggregation: Aggregation) -> Self {
        Self { aggregation, ..Self::default() }
    }
}

impl TokenClassification {
    /// Loads a model directory.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; a model with another head.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let requirement =
            TaskRequirement { name: "a token classifier", tasks: &[Task::TokenClassifier] };
        let Opened { spec, preprocessor, model } =
            preprocessor::open(folder, device, requirement, |model| match model {
                Model::TokenClassifier(model) => Some(model),
                _ => None,
            })?;
        let unknown = preprocessor.tokenizer.special(Special::Unknown).map(|token| token.id);
        Ok(Self { preprocessor, model, labels: spec.labels, unknown })
    }

    /// The label names.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Converts the model to another precision; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: parameters::cast(self.model, precision.dtype()), ..self }
    }

    /// The maximum length of a window in tokens.
    pub fn max_length(&self) -> usize {
        self.preprocessor.encoder.max_length()
    }

    /// The number of these texts that exceed the maximum length.
    ///
    /// # Errors
    ///
    /// Text that the tokenizer rejects.
    pub fn cut<T: AsRef<str>>(&self, texts: &[T]) -> Result<usize, PipelineError> {
        self.preprocessor.cut(texts)
    }

    /// The entities of each text, in text order.
    ///
    /// # Errors
    ///
    /// Text that the tokenizer rejects; a token outside the model's vocabulary; an overlap as long
    /// as the windows; a device failure.
    pub fn tag<T: AsRef<str>>(
        &self,
        texts: &[T],
        how: impl Into<Tagging>,
    ) -> Result<Vec<Vec<Entity>>, PipelineError> {
        let how = how.into();
        self.check(&how)?;
        let windows = self.preprocessor.encode_windows(texts, |text| {
            Ok(match how.overlap {
                Some(overlap) => self.preprocessor.encoder.windows(text.as_ref(), overlap)?,
                None => vec![self.preprocessor.encoder.encode(text.as_ref())?],
            })
        })?;
        let scores = self.preprocessor.run_windows(&windows, &|inputs, rows| {
            preprocessor::token_rows(self.model.forward(&inputs), rows)
        })?;
        let texts: Vec<_> = texts.iter().zip(windows.iter().zip(scores)).collect();
        preprocessor::each(&texts, |(text, (windows, scores))| {
            self.entities(text.as_ref(), windows, scores, &how)
        })
    }

    /// The entities of one text, in text order.
    ///
    /// # Errors
    ///
    /// See [`TokenClassification::tag`].
    pub fn tag_one(
        &self,
        text: &str,
        how: impl Into<Tagging>,
    ) -> Result<Vec<Entity>, PipelineError> {
        Ok(self.tag(&[text], how)?.remove(0))
    }

    fn check(&self, how: &Tagging) -> Result<(), PipelineError> {
        let Some(overlap) = how.overlap else { return Ok(()) };
        let wrong = |reason: String| Err(PipelineError::InvalidRequest(reason));
        if how.aggregation == Aggregation::None {
            return wrong("overlapping windows need an aggregation other than none".into());
        }
        let longest = self.max_length();
        if self.preprocessor.encoder.room() <= overlap {
            return wrong(format!(
                "an overlap of {overlap} tokens leaves no new tokens in windows of {longest}, \
                 special tokens included"
            ));
        }
        Ok(())
    }

    fn entities(
        &self,
        text: &str,
        windows: &[Encoding],
        scores: &[Vec<Vec<f32>>],
        how: &Tagging,
    ) -> Result<Vec<Entity>, TextError> {
        let characters: Vec<char> = text.chars().collect();
        let mut entities = Vec::new();
        for (window, logits) in windows.iter().zip(scores) {
            let pieces = self.pieces(&characters, window, logits)?;
            let found =
                aggregate::entities(&self.preprocessor.tokenizer, &self.labels, pieces, how)?;
            entities.extend(found);
        }
        Ok(if windows.len() > 1 { overlap::resolve(entities) } else { entities })
    }

    /// The tokens of a text with their probabilities, without special tokens.
    fn pieces(
        &self,
        text: &[char],
        encoding: &Encoding,
        logits: &[Vec<f32>],
    ) -> Result<Vec<Piece>, TokenizerError> {
        let marks = self.preprocessor.tokenizer.marks_continuations();
        let of_text = (0..encoding.ids.len()).filter(|&index| encoding.texts[index].is_some());
        let piece = |index: usize| {
            let (id, span) = (encoding.ids[index], encoding.spans[index].clone());
            let token = self.preprocessor.tokenizer.token(id)?;
            let written: String = text.get(span.clone()).unwrap_or_default().iter().collect();
            let is_unknown = Some(id) == self.unknown;
            let continues = if marks {
                // A continuation prefix makes a token longer than its span.
                token.chars().count() != span.len()
            } else {
                let is_space = |place: usize| text.get(place) == Some(&' ');
                span.start > 0 && !is_space(span.start - 1) && !is_space(span.start)
            };
            Ok(Piece {
                word: if is_unknown { written } else { token },
                scores: softmax(&logits[index]),
                span,
                index,
                continues: continues && !is_unknown,
            })
        };
        of_text.map(piece).collect()
    }
}
