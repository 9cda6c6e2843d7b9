//! A batch: its rows, and what identifies it.

use super::error::BatchError;

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

impl LmBatch {
    /// An empty batch with preallocated capacity.
    pub(super) fn with_capacity(shape: BatchShape) -> Self {
        let BatchShape { rows, context } = shape;
        let size = rows * context;
        let (inputs, targets) = (Vec::with_capacity(size), Vec::with_capacity(size));
        Self { rows, context, inputs, targets }
    }

    /// The windows as rows of the length of the first one, which is the longest: each position but
    /// the last of a window predicts the next token.
    pub fn of_windows(windows: &[Vec<u32>]) -> Self {
        let context = windows.first().map_or(0, |window| window.len().saturating_sub(1));
        let mut batch = Self::with_capacity(BatchShape { rows: windows.len(), context });
        windows.iter().for_each(|window| batch.push_window(window));
        batch
    }

    /// Adds the row whose inputs are all tokens of `window` but the last, and whose targets are
    /// all but the first; the rest of the row is padding.
    pub(super) fn push_window(&mut self, window: &[u32]) {
        let length = window.len().saturating_sub(1);
        let padding = self.context - length;
        self.inputs.extend(window.iter().take(length));
        self.inputs.extend(std::iter::repeat_n(0, padding));
        self.targets.extend(window.iter().skip(1).map(|&id| i64::from(id)));
        self.targets.extend(std::iter::repeat_n(IGNORE, padding));
    }

    /// The number of tokens in each row, without padding.
    pub fn lengths(&self) -> Vec<usize> {
        let length = |row: &[i64]| row.iter().filter(|&&target| target != IGNORE).count();
        self.targets.chunks_exact(self.context).map(length).collect()
    }

    /// The number of targets that are not [`IGNORE`]: the divisor of a mean loss.
    pub fn target_count(&self) -> usize {
        self.targets.iter().filter(|&&target| target != IGNORE).count()
    }
}

impl BatchShape {
    pub(super) fn check(self) -> Result<(), BatchError> {
        let Self { rows, context } = self;
        if rows == 0 || context == 0 {
            return Err(BatchError::Empty { rows, context });
        }
        Ok(())
    }
}
