//! The data of a run.

use std::fmt::Debug;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zoo_datasets::batch::{BatchAt, BatchShape, LmBatch, LmDataset, Masking};
use zoo_models::checkpoint::Model;

use crate::error::TrainError;
use crate::language_modeling::LanguageModeling;
use crate::masked_language_modeling::MaskedLanguageModeling;
use crate::objective::{ObjectiveBatch, Pass};

/// The forward passes of a validation, in order.
pub type ValidationPasses<'a> = Box<dyn Iterator<Item = Result<Box<dyn Pass>, TrainError>> + 'a>;

/// The data of a run, with the objective that it is for.
pub trait TrainData: Debug + Send + Sync {
    /// A training pass: depends only on its arguments, never on earlier calls, so that a resumed run
    /// sees the same data.
    ///
    /// # Errors
    ///
    /// The batch cannot be built.
    fn train(&self, at: BatchAt) -> Result<Box<dyn Pass>, TrainError>;

    /// The number of validation passes.
    fn n_validation(&self) -> usize;

    /// The passes over the whole validation split.
    ///
    /// # Errors
    ///
    /// A batch cannot be built.
    fn validation(&self) -> Result<ValidationPasses<'_>, TrainError>;

    /// The scores of the model on the validation split, the most important one first; none where the
    /// loss says everything.
    ///
    /// # Errors
    ///
    /// The model's outputs are not finite, or cannot be scored.
    fn scores(&self, _model: &Model) -> Result<Vec<Score>, TrainError> {
        Ok(Vec::new())
    }
}

/// A score on the validation split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Its name.
    pub name: String,
    /// Its value: higher is better.
    pub value: f64,
}

/// Windows of running text for language modeling.
#[derive(Debug, Clone)]
pub struct LmData {
    /// The text.
    pub text: Arc<LmDataset>,
    /// The objective.
    pub objective: LanguageModeling,
    /// The shape of a training pass.
    pub shape: BatchShape,
}

/// Tokens of a validation pass: enough to utilize a device, even if training batches are small.
const VALIDATION_TOKENS: usize = 4096;

fn validation_shape(shape: BatchShape) -> BatchShape {
    let BatchShape { rows, context } = shape;
    BatchShape { rows: (VALIDATION_TOKENS / context).max(rows), context }
}

fn validation_passes(text: &LmDataset, shape: BatchShape) -> usize {
    let shape = validation_shape(shape);
    text.valid_tokens().saturating_sub(1).div_ceil(shape.context).div_ceil(shape.rows)
}

impl TrainData for LmData {
    fn train(&self, at: BatchAt) -> Result<Box<dyn Pass>, TrainError> {
        let windows = self.text.train_batch(at, self.shape).map_err(TrainError::data)?;
        let (objective, batch) = (self.objective, self.objective.inputs(windows));
        Ok(Box::new(ObjectiveBatch { objective, batch }))
    }

    fn n_validation(&self) -> usize {
        validation_passes(&self.text, self.shape)
    }

    fn validation(&self) -> Result<ValidationPasses<'_>, TrainError> {
        let shape = validation_shape(self.shape);
        let batches = self.text.valid_batches(shape).map_err(TrainError::data)?;
        let objective = self.objective;
        Ok(Box::new(batches.map(move |windows| -> Result<Box<dyn Pass>, TrainError> {
            Ok(Box::new(ObjectiveBatch { objective, batch: objective.inputs(windows) }))
        })))
    }
}

/// Windows of running text for masked language modeling.
#[derive(Debug, Clone)]
pub struct MaskedData {
    /// The text.
    pub text: Arc<LmDataset>,
    /// Which tokens are predicted.
    pub masking: Masking,
    /// The shape of a training pass.
    pub shape: BatchShape,
}

/// The key of the masks of validation, which are the same in every validation and run.
const VALIDATION_MASKS: u64 = u64::MAX;

impl MaskedData {
    fn pass(&self, at: BatchAt, windows: LmBatch) -> Box<dyn Pass> {
        let lengths = windows.lengths();
        let batch = MaskedLanguageModeling.inputs(self.masking.apply(at, windows), lengths);
        Box::new(ObjectiveBatch { objective: MaskedLanguageModeling, batch })
    }
}

impl TrainData for MaskedData {
    fn train(&self, at: BatchAt) -> Result<Box<dyn Pass>, TrainError> {
        let windows = self.text.train_batch(at, self.shape).map_err(TrainError::data)?;
        Ok(self.pass(at, windows))
    }

    fn n_validation(&self) -> usize {
        validation_passes(&self.text, self.shape)
    }

    fn validation(&self) -> Result<ValidationPasses<'_>, TrainError> {
        let shape = validation_shape(self.shape);
        let batches = self.text.valid_batches(shape).map_err(TrainError::data)?;
        Ok(Box::new(batches.zip(0..).map(|(windows, step)| {
            let at = BatchAt { seed: VALIDATION_MASKS, step, micro_step: 0 };
            Ok(self.pass(at, windows))
        })))
    }
}
