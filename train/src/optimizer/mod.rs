//! Optimizers: AdamW, and others beside it.

mod config;
mod depth;
mod grouped;
mod rule;
mod stateful;

pub use config::{AdafactorConfig, LionConfig, MuonConfig, OptimizerConfig, SgdConfig};
pub(crate) use config::{Bounded, stored};
pub use grouped::{Optimizer, OptimizerStateError, SavedState};
