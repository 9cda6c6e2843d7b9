//! What may be said of a study, and no more than that.
//!
//! An architecture with a run that did not finish ranks below those whose runs all did, whatever its mean. A
//! difference counts only where the paired test, corrected for the number of tests, says so.

mod overall;
mod rank;
mod task;

pub use overall::{Standing, overall, standings};
pub use rank::{Ranking, Runs};
pub use task::{ALPHA, Decision, Difference, Verdict, difference, verdict};
