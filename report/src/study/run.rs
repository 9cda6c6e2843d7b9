//! One candidate with one seed.

use serde::{Deserialize, Serialize};

/// One candidate with one seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The family's name.
    pub architecture: String,
    /// The task's name.
    pub task: String,
    /// The size, as the command takes it, where sizes were swept.
    pub size: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The outcome.
    pub outcome: Outcome,
    /// The training curve.
    pub curve: Vec<CurvePoint>,
    /// Wall-clock time, in seconds.
    pub seconds: f64,
    /// Speed and memory, as far as they were measured.
    pub speed: Speed,
}

/// The outcome of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The run was trained to its end and scored.
    Finished {
        /// The score on the test split.
        test: f64,
        /// The score on the validation split.
        validation: f64,
        /// The task's secondary metrics on the test split, in their order.
        secondary: Vec<f64>,
    },
    /// The run failed.
    Failed {
        /// The reason.
        reason: String,
    },
    /// The loss diverged.
    Diverged {
        /// The step at which it diverged.
        step: usize,
        /// The sign of divergence.
        reason: String,
    },
    /// The run has not started or not finished yet.
    Missing,
}

impl Outcome {
    /// Whether the outcome is deterministic: another run of the job would end the same.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Finished { .. } | Self::Diverged { .. })
    }
}

/// A point of the training curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Training steps so far.
    pub step: usize,
    /// Training tokens so far.
    pub tokens: u64,
    /// FLOPs so far.
    pub flops: f64,
    /// Seconds since the start, without evaluation.
    pub seconds: f64,
    /// The mean loss since the previous point, in nats; `None` where it was NaN or infinite.
    pub train_loss: Option<f64>,
    /// The task's metric on the validation split, where it was scored.
    pub validation: Option<f64>,
}

/// The speed and memory of a run; `None` for values that were not measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Tokens per second in training.
    pub train_tokens: Option<f64>,
    /// Peak memory of the process in training, in bytes.
    pub train_bytes: Option<u64>,
    /// Tokens per second in decoding, one sequence at a time.
    pub decode_tokens: Option<f64>,
    /// Peak memory in decoding, in bytes, minus the memory of the process without a model.
    pub decode_bytes: Option<u64>,
}
