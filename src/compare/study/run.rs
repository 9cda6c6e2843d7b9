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
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen on the way.
    pub curve: Vec<Point>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How fast it was and what it needed, as far as it was measured.
    pub speed: Speed,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was trained to its end and scored.
    Finished {
        /// On the test split.
        test: f64,
        /// On the validation split.
        validation: f64,
        /// The task's secondary metrics on the test split, in their order.
        secondary: Vec<f64>,
    },
    /// Something went wrong.
    Failed {
        /// What.
        reason: String,
    },
    /// The loss ran away.
    Diverged {
        /// The step at which it did.
        step: usize,
        /// How it was noticed.
        reason: String,
    },
    /// It did not run, or not to its end, yet.
    Missing,
}

impl Outcome {
    /// Whether doing it again would give the same: it came to an end of its own.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Finished { .. } | Self::Diverged { .. })
    }
}

/// A moment of training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Steps taken.
    pub step: usize,
    /// Tokens read.
    pub tokens: u64,
    /// Operations spent.
    pub flops: f64,
    /// Seconds since the start, without those of evaluation.
    pub seconds: f64,
    /// The mean loss since the point before, in nats; `None` where it was no number.
    pub train_loss: Option<f64>,
    /// The task's metric on the validation split, where it was scored.
    pub validation: Option<f64>,
}

/// What a run costs; `None` where it was not measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Tokens per second in training.
    pub train_tokens: Option<f64>,
    /// Peak memory of the program in training, in bytes.
    pub train_bytes: Option<u64>,
    /// Tokens per second in decoding, one sequence at a time.
    pub decode_tokens: Option<f64>,
    /// Peak memory in decoding, in bytes, beyond what the program has without a model.
    pub decode_bytes: Option<u64>,
}
