//! Everything that decides a run's numbers.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::adamw::AdamWConfig;
use super::schedule::Schedule;
use crate::datasets::batch::BatchShape;
use crate::models::precision::Precision;

/// How to train. Saved in the run directory, so that a run resumes with what it began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Where the text comes from: a data set's name, or the path of a file.
    pub data: String,
    /// SHA-256 of the token ids to train and validate on.
    pub data_fingerprint: String,
    /// The model that it began with; `None` from scratch.
    #[serde(rename = "from")]
    pub init_from: Option<String>,
    /// Rows of one forward pass.
    pub batch_size: usize,
    /// Tokens of a row.
    pub context: usize,
    /// Forward passes whose gradients make one step.
    pub accumulate: usize,
    /// The learning rate.
    pub schedule: Schedule,
    /// The optimizer's constants.
    pub optimizer: AdamWConfig,
    /// The largest norm of all gradients together; no limit where `None`.
    pub clip: Option<f64>,
    /// Steps between two validations.
    pub eval_interval: usize,
    /// Steps between two checkpoints.
    pub checkpoint_interval: usize,
    /// Decides the weights, the batches and what is dropped.
    pub seed: u64,
    /// The format that forward and backward passes compute in; the weights that are trained, and
    /// what is saved, are 32-bit floats in every case.
    #[serde(default)]
    pub dtype: Precision,
    /// Whether blocks are computed again in the backward pass, and only their inputs kept.
    #[serde(default)]
    pub checkpoint_blocks: bool,
}

impl Settings {
    /// The shape of one forward pass.
    pub fn shape(&self) -> BatchShape {
        BatchShape { rows: self.batch_size, context: self.context }
    }

    /// Tokens of one step.
    pub fn tokens_per_step(&self) -> usize {
        self.batch_size * self.context * self.accumulate
    }

    /// The round that a step belongs to: all steps between two validations.
    pub fn round(&self, step: usize) -> Range<usize> {
        let begin = step / self.eval_interval * self.eval_interval;
        begin..(begin + self.eval_interval).min(self.schedule.steps)
    }

    /// The first setting that makes no run, and why.
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

/// A range as people say it.
fn range(low: f64, high: f64) -> String {
    let low =
        if low == f64::MIN_POSITIVE { "more than 0".into() } else { format!("{low} or more") };
    match high {
        f64::MAX => low,
        high if high < 1.0 && high > 0.999 => format!("{low} and below 1"),
        high => format!("{low} and at most {high}"),
    }
}
