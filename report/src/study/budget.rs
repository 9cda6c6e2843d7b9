//! The environment and settings shared by every run of a study.

use serde::{Deserialize, Serialize};

/// Versions of the software that affects the results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Versions {
    /// This program.
    pub zoo: String,
    /// Burn.
    pub burn: String,
    /// The Rust compiler.
    pub rustc: String,
    /// The enabled cargo features.
    pub features: Vec<String>,
}

/// The device that a study ran on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// The name, as in `--device`.
    pub name: String,
    /// A description of the hardware.
    pub description: String,
    /// The number of available processor cores.
    pub cores: Option<usize>,
    /// The device memory, in bytes.
    pub memory: Option<u64>,
}

/// The quantity that is equal for all architectures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "match", content = "size", rename_all = "snake_case")]
pub enum Match {
    /// This many parameters without embeddings.
    Params(u64),
    /// This many training FLOPs per token.
    Flops(u64),
    /// This many seconds of training.
    Time(f64),
    /// None: a sweep over sizes.
    Sizes,
}

/// The training and evaluation settings of every run, each as a readable phrase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudySettings {
    /// The optimizer, such as `AdamW, betas 0.9 and 0.95, clipped at 1`.
    pub optimizer: String,
    /// The learning-rate schedule, such as `warm-up over 50 steps, then cosine to a tenth`.
    pub schedule: String,
    /// The batch size, such as `32 sequences`.
    pub batch: String,
    /// The dropout probability, such as `0.1`, or one per task.
    pub dropout: String,
    /// Weight decay.
    pub weight_decay: f64,
    /// The length of a run: steps, tokens or time.
    pub length: String,
    /// When the validation split is scored, and which weights are scored on the test split.
    pub evaluation: String,
    /// The test between architectures, such as `paired t-test`.
    pub test: String,
    /// The correction of p-values for multiple tests, such as `Holm`.
    pub correction: String,
}
