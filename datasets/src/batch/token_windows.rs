//! Windows of running text: what every objective on running text learns from.

use std::sync::Arc;

use super::document_rows::DocumentRows;
use super::{BatchAt, BatchError, BatchShape, LmBatch, LmDataset, RowOrder};

/// Tokens of a validation batch: enough to utilize a device, even if training batches are small.
const VALIDATION_TOKENS: usize = 4096;

/// The windows of a run on running text, before an objective hides or shifts their tokens.
#[derive(Clone, Debug)]
pub struct TokenWindows {
    text: Arc<LmDataset>,
    shape: BatchShape,
    /// The rows, if they end where documents end.
    rows: Option<DocumentRows>,
}

/// The batches of a validation, in order.
pub type WindowBatches<'a> = Box<dyn Iterator<Item = Result<LmBatch, BatchError>> + 'a>;

impl TokenWindows {
    /// Windows in training batches of this shape, which may cross the borders of documents.
    pub fn new(text: Arc<LmDataset>, shape: BatchShape) -> Self {
        Self { text, shape, rows: None }
    }

    /// Windows as the text is packed: rows of one document each, in batches of like length, if it is
    /// encoded with [`Packing::Bordered`](crate::encoded::Packing::Bordered).
    ///
    /// # Errors
    ///
    /// A shape without rows or positions.
    pub fn packed(
        text: Arc<LmDataset>,
        shape: BatchShape,
        order: RowOrder,
    ) -> Result<Self, BatchError> {
        let rows = match text.has_borders() {
            true => Some(DocumentRows::new(text.document_ends(), shape, order)?),
            false => None,
        };
        Ok(Self { text, shape, rows })
    }

    /// The text.
    pub fn text(&self) -> &LmDataset {
        &self.text
    }

    /// The number of steps with the tokens of `epochs` passes over the training text; `None` if that is
    /// endless.
    pub fn steps(&self, epochs: f64, accumulate: usize) -> Option<usize> {
        if let Some(rows) = &self.rows {
            return rows.steps(epochs);
        }
        let per_step = self.shape.rows as f64 * self.shape.context as f64 * accumulate as f64;
        Some((epochs * self.text.train_tokens()? as f64 / per_step).ceil().max(1.0) as usize)
    }

    /// A training batch, as [`LmDataset::train_batch`].
    ///
    /// # Errors
    ///
    /// The training text is too short, or its file cannot be read.
    pub fn train(&self, at: BatchAt) -> Result<LmBatch, BatchError> {
        match (&self.rows, self.text.train_ids()) {
            (Some(rows), Some(ids)) => rows.train(at, ids),
            _ => self.text.train_batch(at, self.shape),
        }
    }

    /// The number of validation batches.
    pub fn n_validation(&self) -> usize {
        let BatchShape { rows, context } = self.validation_shape();
        let valid = match &self.rows {
            Some(rows) => rows.n_valid(),
            None => self.text.valid_tokens().saturating_sub(1).div_ceil(context),
        };
        valid.div_ceil(rows)
    }

    /// The validation batches, as [`LmDataset::valid_batches`].
    ///
    /// # Errors
    ///
    /// The validation text is too short.
    pub fn validation(&self) -> Result<WindowBatches<'_>, BatchError> {
        let shape = self.validation_shape();
        match &self.rows {
            Some(rows) => Ok(Box::new(rows.validation(self.text.valid_ids(), shape.rows)?)),
            None => Ok(Box::new(self.text.valid_batches(shape)?)),
        }
    }

    fn validation_shape(&self) -> BatchShape {
        let BatchShape { rows, context } = self.shape;
        BatchShape { rows: (VALIDATION_TOKENS / context).max(rows), context }
    }
}
