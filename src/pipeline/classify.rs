//! Texts to classes.

use std::path::Path;

use burn::tensor::Device;

use super::preprocessor::{self, Opened, Preprocessor};
use super::scores::{ranked, sigmoid, softmax};
use super::{LabelScore, PipelineError, TextError};
use crate::datasets::tokenizer::{Cut, Encoding};
use crate::models::arch::Input;
use crate::models::checkpoint::{Model, ModelSpec, TaskRequirement};
use crate::models::families::Task;
use crate::models::heads::SequenceClassifier;
use crate::models::parameters;
use crate::models::precision::Precision;

/// Says of which class texts are.
#[derive(Debug)]
pub struct TextClassification {
    pub(super) preprocessor: Preprocessor,
    model: SequenceClassifier,
    labels: Vec<String>,
    scoring: Scoring,
}

/// What a classifier's raw scores mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scoring {
    /// One class is right: probabilities add up to 1.
    Softmax,
    /// Any class can be right: each has a probability of its own.
    Sigmoid,
    /// They are what is asked for, such as a number of stars.
    Raw,
}

impl Scoring {
    /// What `problem_type` in `config.json` says; without it, one class has a probability of its own,
    /// and those of several add up to 1.
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
    /// Opens a model's directory.
    ///
    /// `problem_type` in its `config.json` decides how scores are read; without it, one class has a
    /// probability of its own, and those of several add up to 1.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed; a model that has another head.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let requirement =
            TaskRequirement { name: "a classifier of texts", tasks: &[Task::SequenceClassifier] };
        let Opened { spec, preprocessor, model } =
            preprocessor::open(folder, device, requirement, |model| match model {
                Model::SequenceClassifier(model) => Some(model),
                _ => None,
            })?;
        let scoring = Scoring::of(&spec);
        Ok(Self { preprocessor, model, labels: spec.labels, scoring })
    }

    /// The names of the classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How scores are read.
    pub fn scoring(&self) -> Scoring {
        self.scoring
    }

    /// The same model with scores that are read in another way.
    pub fn with_scoring(self, scoring: Scoring) -> Self {
        Self { scoring, ..self }
    }

    /// The same model in another format; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: parameters::cast(self.model, precision.dtype()), ..self }
    }

    /// The same model for texts of at most this many tokens.
    ///
    /// # Errors
    ///
    /// A length that leaves no room beside the special tokens.
    pub fn with_max_length(self, max_length: usize) -> Result<Self, PipelineError> {
        Ok(Self { preprocessor: self.preprocessor.with_max_length(max_length)?, ..self })
    }

    /// The longest text that is read whole, in tokens.
    pub fn max_length(&self) -> usize {
        self.preprocessor.encoder.max_length()
    }

    /// How many of these texts are longer, so that their ends are left out.
    ///
    /// # Errors
    ///
    /// A text that the tokenizer cannot read.
    pub fn cut<T: AsRef<str>>(&self, texts: &[T]) -> Result<usize, PipelineError> {
        self.preprocessor.cut(texts)
    }

    /// All classes of each text, the likeliest first.
    ///
    /// # Errors
    ///
    /// A text without tokens, or with one that the model does not know; a device that fails.
    pub fn classify<T: AsRef<str>>(
        &self,
        texts: &[T],
    ) -> Result<Vec<Vec<LabelScore>>, PipelineError> {
        let read = |text: &T| self.whole(self.preprocessor.encoder.encode(text.as_ref())?);
        self.classes(&self.preprocessor.encode(texts, read)?)
    }

    /// All classes of one text, the likeliest first.
    ///
    /// # Errors
    ///
    /// See [`TextClassification::classify`].
    pub fn classify_one(&self, text: &str) -> Result<Vec<LabelScore>, PipelineError> {
        Ok(self.classify(&[text])?.remove(0))
    }

    /// All classes of pairs of texts, such as a claim and what would follow from it. A text whose
    /// second is empty stands alone.
    ///
    /// # Errors
    ///
    /// See [`TextClassification::classify`]; a text that may not be cut and leaves no room.
    pub fn classify_pairs<T: AsRef<str>>(
        &self,
        pairs: &[[T; 2]],
        cut: Cut,
    ) -> Result<Vec<Vec<LabelScore>>, PipelineError> {
        let encoder = &self.preprocessor.encoder;
        let read = |[first, second]: &[T; 2]| {
            self.whole(match [first.as_ref(), second.as_ref()] {
                [first, ""] => encoder.encode(first)?,
                both => encoder.encode_pair(both, cut)?,
            })
        };
        self.classes(&self.preprocessor.encode(pairs, read)?)
    }

    /// Nothing stands for a text without tokens, or without the one that the head reads.
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

    /// Raw scores of all classes.
    pub(super) fn logits(&self, encodings: &[Encoding]) -> Result<Vec<Vec<f32>>, PipelineError> {
        self.preprocessor.run(encodings, &mut |_| {}, &|tokens, _| {
            preprocessor::rows(self.model.forward(&Input::Tokens(tokens)))
        })
    }
}
