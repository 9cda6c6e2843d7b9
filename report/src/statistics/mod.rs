//! Statistics of a few runs: intervals, paired tests, fitted curves.
//!
//! All values are computed in `f64`, deterministically. Undefined results are variants or errors,
//! never NaN or infinite: one run has no interval, seeds with equal differences have no test, four
//! losses that do not fall have no exponent.
//!
//! All intervals and predictions are at 95 %.

mod cost;
mod errors;
mod front;
mod holm;
mod paired;
mod point;
mod power;
mod range;
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
pub use point::Point;
pub use power::{POWER, pairs_needed};
pub use range::ValueRange;
pub use scaling::{Estimate, ScalingFit, ScalingPrediction, fit_scaling};
pub use signed_rank::{SignedRank, signed_rank_test};
pub use summary::{Bounds, SampleSummary, Spread};
