//! What holds for every run of a study.

use serde::{Deserialize, Serialize};

/// Versions of what decides numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Versions {
    /// This program.
    pub zoo: String,
    /// Burn.
    pub burn: String,
    /// The compiler.
    pub rustc: String,
    /// The cargo features that were on.
    pub features: Vec<String>,
}

/// What a study ran on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// As `--device` names it.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Processor cores that it may use.
    pub cores: Option<usize>,
    /// Its memory, in bytes.
    pub memory: Option<u64>,
}

/// What was held equal between architectures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "match", content = "size", rename_all = "snake_case")]
pub enum Match {
    /// This many parameters without embeddings.
    Params(u64),
    /// This many operations for a token in training.
    Flops(u64),
    /// This many seconds of training.
    Time(f64),
    /// Nothing: a sweep over sizes.
    Sizes,
}

/// What every run was trained and scored with, each as one readable phrase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// As `AdamW, betas 0.9 and 0.95, clipped at 1`.
    pub optimizer: String,
    /// As `warm-up over 50 steps, then cosine to a tenth`.
    pub schedule: String,
    /// As `32 sequences`.
    pub batch: String,
    /// As `0.1`, or by task.
    pub dropout: String,
    /// Weight decay.
    pub weight_decay: f64,
    /// How long a run trains: steps, tokens or time.
    pub length: String,
    /// When the validation split is scored, and which weights the test split sees.
    pub evaluation: String,
    /// How architectures are tested against each other, as `paired t-test`.
    pub test: String,
    /// How p-values are corrected for the number of tests, as `Holm`.
    pub correction: String,
}
