//! The conclusions that a study supports.
//!
//! An architecture with an unfinished run ranks below the architectures whose runs all finished,
//! regardless of its mean, and one that is still at chance has no rank. A difference counts only if
//! the paired test, corrected for the number of tests, is significant.

mod decision;
mod difference;
mod overall;
mod rank;
mod remarks;
mod task;

pub use decision::{Decision, Verdict};
pub use difference::{ALPHA, Difference, difference};
pub use overall::{Standing, overall, standings};
pub use rank::{Ranking, Runs};
pub use task::verdict;
