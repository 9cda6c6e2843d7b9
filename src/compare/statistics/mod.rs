//! What a few runs say, and how surely: intervals, paired tests, fitted curves.
//!
//! Everything is computed from plain numbers, in 64-bit floats, and no random number has a part in it.
//! Where a question has no answer, the type says so: one run has no interval, seeds that all gave the
//! same have no test, four losses that do not fall have no exponent. Nothing here is NaN or infinite.
//!
//! Intervals and predictions are those of 95 % everywhere.

mod cost;
mod errors;
mod front;
mod holm;
mod paired;
mod scaling;
mod signed_rank;
mod student;
mod summary;

#[cfg(test)]
mod tests;

pub use cost::{CostGrowth, cost_growth};
pub use errors::StatisticsError;
pub use front::front;
pub use holm::holm;
pub use paired::{PairedOutcome, PairedTest, paired_t_test};
pub use scaling::{Estimate, Prediction, ScalingFit, fit_scaling};
pub use signed_rank::{SignedRank, signed_rank_test};
pub use summary::{Interval, Spread, Summary};

/// One run: what it cost and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Point {
    /// What is spent, on the axis to the right: FLOPs, parameters, a length; above 0.
    pub x: f64,
    /// What comes of it: a loss, or seconds; above 0.
    pub y: f64,
}
