//! The settings that determine a run's results.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use zoo_datasets::batch::BatchShape;
use zoo_models::precision::Precision;

use crate::adamw::AdamWConfig;
use crate::schedule::Schedule;

/// Training settings. They are saved in the run directory, so that a run resumes with its original
/// settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainSettings {
    /// The data source: the name of a data set, or the path of a file.
    pub data: String,
    /// SHA-256 of the token IDs of the training and validation splits.
    pub data_fingerprint: String,
    /// The initial model; `None` means random initialization.
    #[serde(rename = "from")]
    pub init_from: Option<String>,
    /// Rows in one forward pass.
    pub batch_size: usize,
    /// Tokens per row.
    pub context: usize,
    /// Forward passes whose gradients are accumulated in one step.
    pub accumulate: usize,
    /// The learning rate.
    pub schedule: Schedule,
    /// The hyperparameters of the optimizer.
    pub optimizer: AdamWConfig,
    /// The maximum global gradient norm; `None` means no clipping.
    pub clip: Option<f64>,
    /// Steps between validations.
    pub eval_interval: usize,
    /// Steps between checkpoints.
    pub checkpoint_interval: usize,
    /// The seed of weight initialization, batches and dropout.
    pub seed: u64,
    /// The precision of forward and backward passes; the trained weights and the checkpoints are
    /// always f32.
    #[serde(default)]
    pub dtype: Precision,
    /// Activation checkpointing: stores only the inputs of blocks and recomputes the blocks in the
    /// backward pass.
    #[serde(default)]
    pub checkpoint_blocks: bool,
}

impl TrainSettings {
    /// The shape of one forward pass.
    pub fn shape(&self) -> BatchShape {
        BatchShape { rows: self.batch_size, context: self.context }
    }

    /// Tokens per step.
    pub fn tokens_per_step(&self) -> usize {
        self.batch_size * self.context * self.accumulate
    }

    /// The round of a step: the steps between two validations.
    pub(crate) fn round(&self, step: usize) -> Range<usize> {
        let begin = step / self.eval_interval * self.eval_interval;
        begin..(begin + self.eval_interval).min(self.schedule.steps)
    }

    /// The first invalid setting, and the reason.
    pub fn problem(&self) -> Option<String> {
        let Schedule { peak, minimum, warmup, steps } = self.schedule;
        let AdamWConfig { beta_1, beta_2, epsilon, weight_decay } = self.optimizer;
        let counts = [
            ("--batch-size", self.batch_size),
            ("--context", self.context),
            ("--accumulate", self.accumulate),
            ("--steps", steps),
            ("--eval-interval", self.eval_interval),
            ("--checkpoint-interval", self.checkpoint_interval),
        ];
        if let Some((flag, _)) = counts.iter().find(|(_, count)| *count == 0) {
            return Some(format!("{flag} is 0; it must be 1 or more"));
        }
        let below_one = 1.0 - f64::EPSILON;
        let ranges = [
            ("--lr", peak, 0.0, f64::MAX),
            ("--min-lr", minimum, 0.0, peak),
            ("--beta1", beta_1, 0.0, below_one),
            ("--beta2", beta_2, 0.0, below_one),
            ("--epsilon", epsilon, f64::MIN_POSITIVE, 1.0),
            ("--weight-decay", weight_decay, 0.0, f64::MAX),
            ("--clip", self.clip.unwrap_or(1.0), f64::MIN_POSITIVE, f64::MAX),
        ];
        for (flag, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                return Some(format!("{flag} is {value}; it must be {}", range(low, high)));
            }
        }
        (warmup >= steps)
            .then(|| format!("--warmup is {warmup}, but the run has only {steps} --steps"))
    }
}

/// A range in words.
fn range(low: f64, high: f64) -> String {
    let low =
        if low == f64::MIN_POSITIVE { "more than 0".into() } else { format!("{low} or more") };
    match high {
        f64::MAX => low,
        high if high < 1.0 && high > 0.999 => format!("{low} and below 1"),
        high => format!("{low} and at most {high}"),
    }
}
