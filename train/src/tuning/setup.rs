//! Everything that a model needs for a task beside its weights.

use std::cmp::Reverse;

use zoo_datasets::labeled::{LabeledTask, LabeledTexts};
use zoo_datasets::tokenizer::Tokenizer;
use zoo_models::checkpoint::{Model, ModelSpec};
use zoo_models::generate::GenerateError;

use super::codec::{CodecSettings, TextCodec};
use super::encoded::{EncodedText, TextLayout};
use super::objective::{Measured, Supervised};
use super::texts::{LanguageIds, TaskTexts};
use crate::class_weights::{ClassObjective, RowWeights};
use crate::error::TrainError;
use crate::objective::{LossSum, Objective, Pass};
use crate::prediction::Prediction;
use crate::sentence_vectors::SentenceVectors;

/// Rows of a forward pass without gradients.
pub(super) const ROWS: usize = 32;

/// A task of a model: its labels, how texts are encoded, and its objective.
#[derive(Debug, Clone)]
pub struct TaskSetup {
    /// The task.
    pub task: LabeledTask,
    /// The model's labels.
    pub labels: Vec<String>,
    /// The tokenizer.
    pub tokenizer: Tokenizer,
    /// Encodes labeled texts.
    pub codec: TextCodec,
    /// The objective.
    pub objective: Supervised,
    /// The weight of each label of a classification in the loss; `None` where all weigh the same.
    pub class_weights: Option<Vec<f32>>,
}

/// The longest texts, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskLengths {
    /// Of an input.
    pub input: usize,
    /// Of a target text.
    pub target: usize,
}

impl TaskSetup {
    /// The setup of a model.
    ///
    /// # Errors
    ///
    /// The special tokens alone fill a maximum length; a language that the tokenizer lacks.
    pub fn new(
        task: LabeledTask,
        spec: &ModelSpec,
        model: &Model,
        texts: TaskTexts,
        lengths: TaskLengths,
    ) -> Result<Self, TrainError> {
        let vocab_size = spec.architecture.backbone.vocab_size();
        let token = |field: &str| {
            let id = spec.config[field].as_u64().map(|id| id as u32);
            id.filter(|id| (*id as usize) < vocab_size)
        };
        let end = token("eos_token_id").or(texts.tokenizer.eos());
        let LanguageIds { source, target, code } =
            texts.language_ids().map_err(TrainError::data)?;
        let frame = texts.target_tokenizer().frame().map_err(TrainError::data)?;
        let is_language = |id: &u32| texts.tokenizer.is_language(*id);
        let last = frame.after.last().map(|last| match target {
            Some(target) if is_language(last) => target,
            _ => *last,
        });
        let layout = TextLayout::of(spec, model, last);
        let settings = CodecSettings {
            max_length: lengths.input,
            max_target_length: lengths.target,
            vocab_size,
            end,
            prefix: format!("{code}{}", texts.prefix),
            source_language: source,
            target_language: target,
            layout,
        };
        let codec = TextCodec::new(&texts, settings).map_err(TrainError::data)?;
        let objective = Supervised {
            padding: token("pad_token_id").unwrap_or(0),
            has_types: spec.architecture.backbone.n_types() > 1,
            n_labels: spec.labels.len(),
            layout,
            begin: target.filter(|_| frame.before.iter().any(is_language)),
            end,
            max_target_length: lengths.target,
            vectors: SentenceVectors::default(),
        };
        let (labels, tokenizer) = (spec.labels.clone(), texts.tokenizer);
        Ok(Self { task, labels, tokenizer, codec, objective, class_weights: None })
    }

    /// The same with a weight for each label of a classification.
    pub fn with_class_weights(self, class_weights: Option<Vec<f32>>) -> Self {
        Self { class_weights, ..self }
    }

    /// The same with other sentence vectors.
    pub fn with_vectors(mut self, vectors: SentenceVectors) -> Self {
        self.objective.vectors = vectors;
        self
    }

    /// Encodes texts, whose labels may have another order than the model's.
    ///
    /// # Errors
    ///
    /// See [`TextCodec::encode`].
    pub fn encode(&self, texts: LabeledTexts) -> Result<Vec<EncodedText>, TrainError> {
        match self.task.has_labels() {
            true => self.codec.encode(&texts.with_labels(&self.labels)),
            false => self.codec.encode(&texts),
        }
    }

    /// The loss and the predictions of a model for texts, in order; texts of like length share a
    /// forward pass. `done` receives the number of finished texts.
    ///
    /// # Errors
    ///
    /// The model's outputs are not finite.
    pub fn measure(
        &self,
        model: &Model,
        texts: &[EncodedText],
        done: &mut dyn FnMut(usize),
    ) -> Result<Measured, TrainError> {
        let mut loss = LossSum::ZERO;
        let predictions = self.by_batch(texts, done, &mut |some| {
            let measured = self.objective.measure(model, some)?;
            loss.add(measured.loss);
            Ok(measured.predictions)
        })?;
        match loss.mean().is_finite() {
            true => Ok(Measured { loss, predictions }),
            false => Err(TrainError::Data(format!("the loss is {}", loss.mean()))),
        }
    }

    /// A forward pass over texts; `weights` are those of a classification.
    pub(super) fn pass(
        &self,
        texts: &[EncodedText],
        weights: Option<&RowWeights<'_>>,
    ) -> Box<dyn Pass> {
        self.objective.pass(texts, weights)
    }

    /// The predictions of a model for texts, in order; texts of like length share a forward pass.
    /// `done` receives the number of finished texts.
    ///
    /// # Errors
    ///
    /// The model's outputs are not finite.
    pub fn predict(
        &self,
        model: &Model,
        texts: &[EncodedText],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Prediction>, TrainError> {
        self.by_batch(texts, done, &mut |some| self.objective.predict(model, some))
    }

    /// The predictions for texts, in order, of batches of like length.
    fn by_batch(
        &self,
        texts: &[EncodedText],
        done: &mut dyn FnMut(usize),
        predict: Predict<'_>,
    ) -> Result<Vec<Prediction>, TrainError> {
        let mut predictions: Vec<Option<Prediction>> = vec![None; texts.len()];
        let mut ready = 0;
        for rows in by_length(texts).chunks(ROWS) {
            let some: Vec<EncodedText> = rows.iter().map(|&index| texts[index].clone()).collect();
            let predicted = predict(&some).map_err(TrainError::data)?;
            for (&index, prediction) in rows.iter().zip(predicted) {
                predictions[index] = Some(prediction);
            }
            ready += rows.len();
            done(ready);
        }
        Ok(predictions.into_iter().flatten().collect())
    }
}

/// The predictions for a batch of texts.
type Predict<'a> = &'a mut dyn FnMut(&[EncodedText]) -> Result<Vec<Prediction>, GenerateError>;

/// The indices of texts, the longest first: little of a forward pass over neighbors is padding.
pub(super) fn by_length(texts: &[EncodedText]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|&index| Reverse(texts[index].ids.len()));
    order
}
