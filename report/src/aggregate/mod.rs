//! Computes what a study stores from the results of its runs: means with intervals, tests between
//! architectures, and fitted curves.

mod aggregated;
mod chance;
mod comparisons;
mod growth;
mod scaling;
mod summary;

pub use aggregated::aggregated;
pub use comparisons::comparisons;
pub use growth::growth;
pub use scaling::{SweptSize, scaling};
pub use summary::summary;
