//! Text classification.

use std::path::Path;

use burn::tensor::Device;

use super::preprocessor::{self, Opened, Preprocessor};
use super::scores::{ranked, sigmoid, softmax};
use super::{LabelScore, PipelineError, TextError};
use crate::datasets::tokenizer::{Cut, Encoding};
use crate::models::checkpoint::{Model, ModelSpec, TaskRequirement};
use crate::models::families::Task;
use crate::models::heads::SequenceClassifier;
use crate::models::parameters;
use crate::models::precision::Precision;

/// Classifies texts.
#[derive(Debug)]
pub struct TextClassification {
    pub(super) preprocessor: Preprocessor,
    model: SequenceClassifier,
    labels: Vec<String>,
    scoring: Scoring,
}

/// How a classifier's logits become scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scoring {
    /// One label applies: the probabilities sum to 1.
    Softmax,
    /// Several labels can apply: each has an independent probability.
    Sigmoid,
    /// Regression: the logits are the result, such as a number of stars.
    Raw,
}

impl Scoring {
    /// `problem_type` in `config.json`; by default a sigmoid for a single label and a softmax over
    /// several.
    pub(super) fn of(spec: &ModelSpec) -> Self {
        match spec.config["problem_type"].as_str() {
            Some("regression") => Self::Raw,
            Some("multi_label_classification") => Self::Sigmoid,
            _ if spec.labels.len() == 1 => Self::Sigmoid,
            _ => Self::Softmax,
        }
    }
}

impl TextClassification {
    /// Loads a model directory.
    ///
    /// `problem_type` in `config.json` selects the scoring; by default a sigmoid for a single label
    /// and a softmax over several.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; a model with another head.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let requirement =
            TaskRequirement { name: "a text classifier", tasks: &[Task::SequenceClassifier] };
        let Opened { spec, preprocessor, model } =
            preprocessor::open(folder, device, requirement, |model| match model {
                Model::SequenceClassifier(model) => Some(model),
                _ => None,
            })?;
        let scoring = Scoring::of(&spec);
        Ok(Self { preprocessor, model, labels: spec.labels, scoring })
    }

    /// The label names.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How logits become scores.
    pub fn scoring(&self) -> Scoring {
        self.scoring
    }

    /// Sets how logits become scores.
    pub fn with_scoring(self, scoring: Scoring) -> Self {
        Self { scoring, ..self }
    }

    /// Converts the model to another precision; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: parameters::cast(self.model, precision.dtype()), ..self }
    }

    /// Sets the maximum length in tokens; longer texts are truncated.
    ///
    /// # Errors
    ///
    /// A length that leaves no room besides the special tokens.
    pub fn with_max_length(self, max_length: usize) -> Result<Self, PipelineError> {
        Ok(Self { preprocessor: self.preprocessor.with_max_length(max_length)?, ..self })
    }

    /// The maximum length of a text in tokens; longer texts are truncated.
    pub fn max_length(&self) -> usize {
        self.preprocessor.encoder.max_length()
    }

    /// The number of these texts that are truncated.
    ///
    /// # Errors
    ///
    /// Text that the tokenizer rejects.
    pub fn cut<T: AsRef<str>>(&self, texts: &[T]) -> Result<usize, PipelineError> {
        self.preprocessor.cut(texts)
    }

    /// The scores of all labels for each text, in decreasing order.
    ///
    /// # Errors
    ///
    /// A text without tokens, or with a token outside the model's vocabulary; a device failure.
    pub fn classify<T: AsRef<str>>(
        &self,
        texts: &[T],
    ) -> Result<Vec<Vec<LabelScore>>, PipelineError> {
        let read = |text: &T| self.whole(self.preprocessor.encoder.encode(text.as_ref())?);
        self.classes(&self.preprocessor.encode(texts, read)?)
    }

    /// The scores of all labels for one text, in decreasing order.
    ///
    /// # Errors
    ///
    /// See [`TextClassification::classify`].
    pub fn classify_one(&self, text: &str) -> Result<Vec<LabelScore>, PipelineError> {
        Ok(self.classify(&[text])?.remove(0))
    }

    /// The scores of all labels for pairs of texts, such as a premise and a hypothesis. If the
    /// second text is empty, the first is encoded alone.
    ///
    /// # Errors
    ///
    /// See [`TextClassification::classify`]; a text that must not be truncated and leaves no room.
    pub fn classify_pairs<T: AsRef<str>>(
        &self,
        pairs: &[[T; 2]],
        cut: Cut,
    ) -> Result<Vec<Vec<LabelScore>>, PipelineError> {
        let encoder = &self.preprocessor.encoder;
        let read = |[first, second]: &[T; 2]| {
            self.whole(match (first.as_ref(), second.as_ref()) {
                (first, "") => encoder.encode(first)?,
                (first, second) => encoder.encode_pair(first, second, cut)?,
            })
        };
        self.classes(&self.preprocessor.encode(pairs, read)?)
    }

    /// Rejects an encoding without tokens, or without the token whose hidden state the head uses.
    pub(super) fn whole(&self, encoding: Encoding) -> Result<Encoding, TextError> {
        match self.model.head.end() {
            _ if encoding.ids.is_empty() => Err(TextError::Empty("text")),
            Some(end) if !encoding.ids.contains(&end) => Err(TextError::NoEnd { end }),
            _ => Ok(encoding),
        }
    }

    fn classes(&self, encodings: &[Encoding]) -> Result<Vec<Vec<LabelScore>>, PipelineError> {
        let classes = |logits: Vec<f32>| {
            let scores = match self.scoring {
                Scoring::Softmax => softmax(&logits),
                Scoring::Sigmoid => logits.into_iter().map(sigmoid).collect(),
                Scoring::Raw => logits,
            };
            ranked(&self.labels, &scores)
        };
        Ok(self.logits(encodings)?.into_iter().map(classes).collect())
    }

    /// The logits of all labels.
    pub(super) fn logits(&self, encodings: &[Encoding]) -> Result<Vec<Vec<f32>>, PipelineError> {
        self.preprocessor.run(encodings, &mut |_| {}, &|inputs, _| {
            preprocessor::rows(self.model.forward(&inputs))
        })
    }
}
