//! Corrupted windows of running text as the data of a run.

use zoo_datasets::batch::{BatchAt, CorruptedText, Corruption, LmBatch, TokenWindows};

use crate::error::TrainError;
use crate::objective::{Objective, ObjectiveBatch, Pass};
use crate::train_data::{TrainData, VALIDATION_MASKS, ValidationPasses};
use crate::tuning::{EncodedTarget, EncodedText, Supervised};

/// Windows of running text for an encoder-decoder that repairs them.
#[derive(Debug, Clone)]
pub struct CorruptedData {
    /// The windows, of [`Corruption::window`] tokens.
    pub windows: TokenWindows,
    /// How they are corrupted.
    pub corruption: Corruption,
    /// The objective, on source and target texts.
    pub objective: Supervised,
}

impl CorruptedData {
    fn pass(&self, at: BatchAt, windows: &LmBatch) -> Box<dyn Pass> {
        let texts = self.corruption.apply(at, windows).into_iter();
        let encoded = texts.zip(0..).map(|(text, example)| {
            let CorruptedText { source: ids, target } = text;
            let (types, target) = (vec![0; ids.len()], EncodedTarget::Text(target));
            EncodedText { ids, types, target, second: 0..0, example }
        });
        let batch = self.objective.batch(&encoded.collect::<Vec<_>>());
        Box::new(ObjectiveBatch { objective: self.objective, batch })
    }
}

impl TrainData for CorruptedData {
    fn train(&self, at: BatchAt) -> Result<Box<dyn Pass>, TrainError> {
        let windows = self.windows.train(at).map_err(TrainError::data)?;
        Ok(self.pass(at, &windows))
    }

    fn n_validation(&self) -> usize {
        self.windows.n_validation()
    }

    fn validation(&self) -> Result<ValidationPasses<'_>, TrainError> {
        let batches = self.windows.validation().map_err(TrainError::data)?;
        Ok(Box::new(batches.zip(0..).map(|(windows, step)| {
            let at = BatchAt { seed: VALIDATION_MASKS, step, micro_step: 0 };
            Ok(self.pass(at, &windows.map_err(TrainError::data)?))
        })))
    }
}
