//! Texts to the names, places and so on that are in them.

mod aggregate;
mod overlap;

use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::preprocessor::{self, Opened, Preprocessor};
use super::scores::softmax;
use super::{PipelineError, TextError};
use crate::datasets::tokenizer::{Encoding, Special, TokenizerError};
use crate::models::arch::Input;
use crate::models::checkpoint::{Model, TaskRequirement};
use crate::models::families::Task;
use crate::models::heads::TokenClassifier;
use crate::models::parameters;
use crate::models::precision::Precision;
use aggregate::Piece;

/// Finds the parts of texts that are of a class: names of people and places, parts of speech.
#[derive(Debug)]
pub struct TokenClassification {
    preprocessor: Preprocessor,
    model: TokenClassifier,
    labels: Vec<String>,
    unknown: Option<u32>,
}

/// How tokens become the parts of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Aggregation {
    /// Each token by itself.
    None,
    /// Tokens of one class that follow on each other, where the next does not begin with `B-`.
    #[default]
    Simple,
    /// The same of whole words, each of the class of its first token.
    First,
    /// The same of whole words, each of the class that is likeliest on the mean of its tokens.
    Average,
    /// The same of whole words, each of the class of its surest token.
    Max,
}

/// What is tagged, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Tagging {
    /// How tokens become the parts of a text.
    pub aggregation: Aggregation,
    /// Classes that are left out.
    pub ignored: Vec<String>,
    /// A text that is too long is read in pieces which have this many tokens in common; where
    /// `None`, its end is left out.
    pub overlap: Option<usize>,
}

/// A part of a text that is of a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// The class; without `B-` or `I-` where tokens are put together.
    pub label: String,
    /// Its probability.
    pub score: f32,
    /// The part, as the tokenizer writes it.
    pub word: String,
    /// Its first character in the text.
    pub start: usize,
    /// The character after its last.
    pub end: usize,
    /// The number of the token, where each stands by itself.
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
    /// Opens a model's directory.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed; a model that has another head.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let requirement =
            TaskRequirement { name: "a classifier of tokens", tasks: &[Task::TokenClassifier] };
        let Opened { spec, preprocessor, model } =
            preprocessor::open(folder, device, requirement, |model| match model {
                Model::TokenClassifier(model) => Some(model),
                _ => None,
            })?;
        let unknown = preprocessor.tokenizer.special(Special::Unknown).map(|(_, id)| id);
        Ok(Self { preprocessor, model, labels: spec.labels, unknown })
    }

    /// The names of the classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The same model in another format; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: parameters::cast(self.model, precision.dtype()), ..self }
    }

    /// The longest text that is read in one piece, in tokens.
    pub fn max_length(&self) -> usize {
        self.preprocessor.encoder.max_length()
    }

    /// How many of these texts are longer.
    ///
    /// # Errors
    ///
    /// A text that the tokenizer cannot read.
    pub fn cut<T: AsRef<str>>(&self, texts: &[T]) -> Result<usize, PipelineError> {
        self.preprocessor.cut(texts)
    }

    /// The parts of each text that are of a class, in their order.
    ///
    /// # Errors
    ///
    /// A text that the tokenizer cannot read, or with a token that the model does not know; pieces
    /// that overlap as far as they are long; a device that fails.
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
        let scores = self.preprocessor.run_windows(&windows, &|tokens, rows| {
            preprocessor::token_rows(self.model.forward(&Input::Tokens(tokens)), rows)
        })?;
        let texts: Vec<_> = texts.iter().zip(windows.iter().zip(scores)).collect();
        preprocessor::each(&texts, |(text, (windows, scores))| {
            self.entities(text.as_ref(), (windows, scores), &how)
        })
    }

    /// The parts of one text that are of a class, in their order.
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
            return wrong("pieces that overlap need an aggregation other than none".into());
        }
        let longest = self.max_length();
        if self.preprocessor.encoder.room() <= overlap {
            return wrong(format!(
                "an overlap of {overlap} tokens leaves nothing new in pieces of {longest}, special \
                 tokens included"
            ));
        }
        Ok(())
    }

    fn entities(
        &self,
        text: &str,
        (windows, scores): (&[Encoding], &[Vec<Vec<f32>>]),
        how: &Tagging,
    ) -> Result<Vec<Entity>, TextError> {
        let characters: Vec<char> = text.chars().collect();
        let mut entities = Vec::new();
        for (window, logits) in windows.iter().zip(scores) {
            let pieces = self.pieces(&characters, (window, logits))?;
            let found =
                aggregate::entities(&self.preprocessor.tokenizer, &self.labels, pieces, how)?;
            entities.extend(found);
        }
        Ok(if windows.len() > 1 { overlap::resolve(entities) } else { entities })
    }

    /// The tokens of a text with their probabilities, special tokens aside.
    fn pieces(
        &self,
        text: &[char],
        (encoding, logits): (&Encoding, &[Vec<f32>]),
    ) -> Result<Vec<Piece>, TokenizerError> {
        let marks = self.preprocessor.tokenizer.marks_continuations();
        let of_text = (0..encoding.ids.len()).filter(|&index| encoding.texts[index].is_some());
        let piece = |index: usize| {
            let (id, span) = (encoding.ids[index], encoding.spans[index].clone());
            let token = self.preprocessor.tokenizer.token(id)?;
            let written: String = text.get(span.clone()).unwrap_or_default().iter().collect();
            let is_unknown = Some(id) == self.unknown;
            let continues = if marks {
                // A mark makes a token longer than what it stands for.
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
