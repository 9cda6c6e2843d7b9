//! A measurement and its result.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compare::job::CacheEntry;
use crate::compare::objective::ObjectiveKind;

/// A measurement: the model, the workload and the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The family.
    pub architecture: String,
    /// The `config.json`.
    pub config: Value,
    /// The training objective.
    #[serde(rename = "way")]
    pub objective: ObjectiveKind,
    /// The measured workload.
    pub what: What,
    /// Tokens in the input sequence.
    pub length: usize,
    /// The device, as in `--device`.
    pub device: String,
    /// The version of the code, [`VERSION`](crate::compare::VERSION).
    pub version: String,
}

/// The workload of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A training step: forward, backward and the optimizer.
    Training,
    /// A forward pass.
    Reading,
    /// Decoding, token by token, after the prefill.
    Writing,
}

/// The result of a measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The measurement.
    pub measurement: Measurement,
    /// Seconds per training step, forward pass or generated token: the median of several.
    pub seconds: f64,
    /// Tokens per second.
    pub tokens: f64,
    /// Peak memory in bytes, minus the memory of the process before the model was built; `None`
    /// where the system does not report it.
    pub bytes: Option<u64>,
}

impl CacheEntry for Measured {
    type Input = Measurement;

    fn input(&self) -> &Measurement {
        &self.measurement
    }
}
