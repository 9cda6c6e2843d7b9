//! Windows of running text: what every objective on running text learns from.

use std::sync::Arc;

use super::{BatchAt, BatchError, BatchShape, LmBatch, LmDataset};

/// Tokens of a validation batch: enough to utilize a device, even if training batches are small.
const VALIDATION_TOKENS: usize = 4096;

/// The windows of a run on running text, before an objective hides or shifts their tokens.
#[derive(Clone, Debug)]
pub struct TokenWindows {
    text: Arc<LmDataset>,
    shape: BatchShape,
}

impl TokenWindows {
    /// Windows in training batches of this shape.
    pub fn new(text: Arc<LmDataset>, shape: BatchShape) -> Self {
        Self { text, shape }
    }

    /// The text.
    pub fn text(&self) -> &LmDataset {
        &self.text
    }

    /// A training batch, as [`LmDataset::train_batch`].
    ///
    /// # Errors
    ///
    /// The training text is too short.
    pub fn train(&self, at: BatchAt) -> Result<LmBatch, BatchError> {
        self.text.train_batch(at, self.shape)
    }

    /// The number of validation batches.
    pub fn n_validation(&self) -> usize {
        let BatchShape { rows, context } = self.validation_shape();
        self.text.valid_tokens().saturating_sub(1).div_ceil(context).div_ceil(rows)
    }

    /// The validation batches, as [`LmDataset::valid_batches`].
    ///
    /// # Errors
    ///
    /// The validation text is too short.
    pub fn validation(
        &self,
    ) -> Result<impl Iterator<Item = Result<LmBatch, BatchError>> + '_, BatchError> {
        Ok(self.text.valid_batches(self.validation_shape())?.map(Ok))
    }

    fn validation_shape(&self) -> BatchShape {
        let BatchShape { rows, context } = self.shape;
        BatchShape { rows: (VALIDATION_TOKENS / context).max(rows), context }
    }
}
