//! What a model costs at a length: time and memory of training, reading and writing, each in a process
//! of its own.

mod curve;
mod work;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::job::CacheEntry;
use super::objective::ObjectiveKind;

pub use curve::{Room, cost_curve};
pub use work::{WRITTEN, work};

/// What is measured, of which model, on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The family.
    pub architecture: String,
    /// The `config.json`.
    pub config: Value,
    /// How it does its task.
    #[serde(rename = "way")]
    pub objective: ObjectiveKind,
    /// What it does.
    pub what: What,
    /// Tokens that it reads, in one sequence.
    pub length: usize,
    /// As `--device` names it.
    pub device: String,
    /// What computes.
    pub version: String,
}

/// What a model does while it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A training step: forward, backward and the optimizer.
    Training,
    /// A forward pass.
    Reading,
    /// Tokens, one after the other, after it has read the others.
    Writing,
}

/// What came of a measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What was measured.
    pub measurement: Measurement,
    /// Seconds of a training step, of a forward pass or of a written symbol: the median of several.
    pub seconds: f64,
    /// Tokens per second.
    pub tokens: f64,
    /// The most memory that it took beyond what the program had before there was a model, in bytes;
    /// `None` where the system does not say.
    pub bytes: Option<u64>,
}

impl CacheEntry for Measured {
    type Input = Measurement;

    fn input(&self) -> &Measurement {
        &self.measurement
    }
}
