//! The data of a run.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};
use zoo_datasets::batch::{BatchAt, LmBatch, Masking, TokenWindows};
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
    /// The windows.
    pub windows: TokenWindows,
    /// The objective.
    pub objective: LanguageModeling,
}

impl TrainData for LmData {
    fn train(&self, at: BatchAt) -> Result<Box<dyn Pass>, TrainError> {
        let windows = self.windows.train(at).map_err(TrainError::data)?;
        let (objective, batch) = (self.objective, self.objective.inputs(windows));
        Ok(Box::new(ObjectiveBatch { objective, batch }))
    }

    fn n_validation(&self) -> usize {
        self.windows.n_validation()
    }

    fn validation(&self) -> Result<ValidationPasses<'_>, TrainError> {
        let batches = self.windows.validation().map_err(TrainError::data)?;
        let objective = self.objective;
        Ok(Box::new(batches.map(move |windows| -> Result<Box<dyn Pass>, TrainError> {
            let batch = objective.inputs(windows.map_err(TrainError::data)?);
            Ok(Box::new(ObjectiveBatch { objective, batch }))
        })))
    }
}

/// Windows of running text for masked language modeling.
#[derive(Debug, Clone)]
pub struct MaskedData {
    /// The windows.
    pub windows: TokenWindows,
    /// Which tokens are predicted.
    pub masking: Masking,
}

/// The key of the masks of validation, which are the same in every validation and run.
pub(crate) const VALIDATION_MASKS: u64 = u64::MAX;

impl MaskedData {
    fn pass(&self, at: BatchAt, windows: LmBatch) -> Box<dyn Pass> {
        let lengths = windows.lengths();
        let batch = MaskedLanguageModeling.inputs(self.masking.apply(at, windows), lengths);
        Box::new(ObjectiveBatch { objective: MaskedLanguageModeling, batch })
    }
}

impl TrainData for MaskedData {
    fn train(&self, at: BatchAt) -> Result<Box<dyn Pass>, TrainError> {
        Ok(self.pass(at, self.windows.train(at).map_err(TrainError::data)?))
    }

    fn n_validation(&self) -> usize {
        self.windows.n_validation()
    }

    fn validation(&self) -> Result<ValidationPasses<'_>, TrainError> {
        let batches = self.windows.validation().map_err(TrainError::data)?;
        Ok(Box::new(batches.zip(0..).map(|(windows, step)| {
            let at = BatchAt { seed: VALIDATION_MASKS, step, micro_step: 0 };
            Ok(self.pass(at, windows.map_err(TrainError::data)?))
        })))
    }
}
