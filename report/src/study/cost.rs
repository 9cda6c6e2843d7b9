//! Costs as a function of the length.

use serde::{Deserialize, Serialize};

use super::Interval;

/// The costs of one architecture at several lengths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostCurve {
    /// The family's name.
    pub architecture: String,
    /// The measurements, from the shortest length to the longest.
    pub points: Vec<CostAt>,
    /// The growth of a training step's time: seconds ∝ length^exponent.
    pub train_time: Growth,
    /// The growth of the peak memory of training: bytes ∝ length^exponent.
    pub train_memory: Growth,
    /// Why the measurements end at the last point; `None` where all lengths were measured.
    pub limit: Option<Limit>,
}

/// Costs at one length; `None` for values that do not apply or were not measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostAt {
    /// The length, in tokens.
    pub length: usize,
    /// Tokens per second in training.
    pub train_tokens: Option<f64>,
    /// Peak memory in training, in bytes.
    pub train_bytes: Option<u64>,
    /// Tokens per second in the forward pass.
    pub forward_tokens: Option<f64>,
    /// Tokens per second in decoding, after a prompt of this length.
    pub decode_tokens: Option<f64>,
    /// Peak memory in decoding, in bytes.
    pub decode_bytes: Option<u64>,
}

/// A fitted exponent of growth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// A power law.
    Power {
        /// The exponent.
        exponent: f64,
        /// Its 95 % confidence interval, where the points determine one.
        interval: Option<Interval>,
    },
    /// No exponent could be fitted.
    NotFitted {
        /// The reason.
        because: String,
    },
}

/// Why a length could not be measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// The first length that could not be measured.
    pub length: usize,
    /// The reason.
    pub reason: LimitReason,
}

/// Why a cost curve ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitReason {
    /// The length exceeds the model's maximum number of positions.
    PositionsEnd {
        /// The maximum number of positions.
        positions: usize,
    },
    /// The length does not fit into memory.
    OutOfMemory,
    /// The measurement exceeds its time limit.
    TooSlow {
        /// The time limit, in seconds.
        limit: f64,
    },
    /// Another reason.
    Other {
        /// The reason.
        reason: String,
    },
}
