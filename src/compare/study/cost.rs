//! How costs grow with the length.

use serde::{Deserialize, Serialize};

use super::Interval;

/// The costs of one architecture at several lengths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostCurve {
    /// The family's name.
    pub architecture: String,
    /// What was measured, from the shortest length to the longest.
    pub points: Vec<CostAt>,
    /// How the time of a training step grows: seconds ∝ length^exponent.
    pub train_time: Growth,
    /// How the peak memory of training grows: bytes ∝ length^exponent.
    pub train_memory: Growth,
    /// Why there is nothing beyond the last point; `None` where all lengths were measured.
    pub limit: Option<Limit>,
}

/// Costs at one length; `None` where something does not apply or was not measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostAt {
    /// The length, in tokens.
    pub length: usize,
    /// Tokens per second in training.
    pub train_tokens: Option<f64>,
    /// Peak memory in training, in bytes.
    pub train_bytes: Option<u64>,
    /// Tokens per second forward.
    pub forward_tokens: Option<f64>,
    /// Tokens per second in decoding, after this many.
    pub decode_tokens: Option<f64>,
    /// Peak memory in decoding, in bytes.
    pub decode_bytes: Option<u64>,
}

/// A fitted exponent of growth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// There were enough points.
    Power {
        /// The exponent.
        exponent: f64,
        /// Its 95 % confidence interval, where the points give one.
        interval: Option<Interval>,
    },
    /// There is none.
    NotFitted {
        /// Why.
        because: String,
    },
}

/// Why a length could not be measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// The first length that could not.
    pub length: usize,
    /// Why.
    pub reason: LimitReason,
}

/// What ends a curve of costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitReason {
    /// The model has no positions after these.
    PositionsEnd {
        /// How many it has.
        positions: usize,
    },
    /// It does not fit.
    OutOfMemory,
    /// It takes longer than it may.
    TooSlow {
        /// What it may take, in seconds.
        limit: f64,
    },
    /// Something else.
    Other {
        /// What.
        reason: String,
    },
}
