//! The conclusions that a study supports.
//!
//! An architecture with an unfinished run ranks below the architectures whose runs all finished,
//! regardless of its mean. A difference counts only if the paired test, corrected for the number of
//! tests, is significant.

mod overall;
mod rank;
mod task;

pub use overall::{Standing, overall, standings};
pub use rank::{Ranking, Runs};
pub use task::{ALPHA, Decision, Difference, Verdict, difference, verdict};
