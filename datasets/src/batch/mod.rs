//! Training and validation batches, as plain vectors of integers.

mod lm_dataset;

pub use lm_dataset::{LmDataset, ValidBatches};

use crate::tokenizer::TokenizerError;

/// The target of positions without a prediction, which losses ignore, as in PyTorch.
pub const IGNORE: i64 = -100;

/// A batch for a causal language model: each position predicts the next token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LmBatch {
    /// Number of rows.
    pub rows: usize,
    /// Number of positions in each row.
    pub context: usize,
    /// Token ids, `[rows, context]`, row-major.
    pub inputs: Vec<u32>,
    /// The token after each input, or [`IGNORE`], `[rows, context]`, row-major.
    pub targets: Vec<i64>,
}

/// Identifies a batch of a training run: different values give independent samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchAt {
    /// Seed of the run.
    pub seed: u64,
    /// Optimizer step, from 0.
    pub step: u64,
    /// Gradient accumulation micro-step within the step, from 0.
    pub micro_step: u64,
}

/// The shape of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchShape {
    /// Number of rows, at least 1.
    pub rows: usize,
    /// Number of positions in each row, at least 1.
    pub context: usize,
}

/// Why a batch could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A split of the text does not fill a single row.
    #[error(
        "the {split} text has {tokens} tokens, but a context of {context} needs at least {}; \
         choose a smaller --context, or provide more text", context.saturating_add(1)
    )]
    TooShort {
        /// `training` or `validation`.
        split: &'static str,
        /// Length of that split in tokens.
        tokens: usize,
        /// The requested context.
        context: usize,
    },
    /// A batch with no rows or no positions.
    #[error("a batch of {rows} rows with a context of {context} is empty; both must be at least 1")]
    Empty {
        /// The requested rows.
        rows: usize,
        /// The requested context.
        context: usize,
    },
    /// A generated text could not be encoded.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
}

impl LmBatch {
    /// An empty batch with preallocated capacity.
    fn with_capacity(shape: BatchShape) -> Self {
        let BatchShape { rows, context } = shape;
        let size = rows * context;
        let (inputs, targets) = (Vec::with_capacity(size), Vec::with_capacity(size));
        Self { rows, context, inputs, targets }
    }

    /// Adds the row whose inputs are all tokens of `window` but the last, and whose targets are
    /// all but the first; the rest of the row is padding.
    fn push_window(&mut self, window: &[u32]) {
        let length = window.len().saturating_sub(1);
        let padding = self.context - length;
        self.inputs.extend(window.iter().take(length));
        self.inputs.extend(std::iter::repeat_n(0, padding));
        self.targets.extend(window.iter().skip(1).map(|&id| i64::from(id)));
        self.targets.extend(std::iter::repeat_n(IGNORE, padding));
    }

    /// The number of targets that are not [`IGNORE`]: the divisor of a mean loss.
    pub fn target_count(&self) -> usize {
        self.targets.iter().filter(|&&target| target != IGNORE).count()
    }
}

impl BatchShape {
    fn check(self) -> Result<(), BatchError> {
        let Self { rows, context } = self;
        if rows == 0 || context == 0 {
            return Err(BatchError::Empty { rows, context });
        }
        Ok(())
    }
}
