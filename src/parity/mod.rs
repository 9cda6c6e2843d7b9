//! Checks that a device computes the same as the reference device, `flex`: small models of every
//! family in the forward pass, the backward pass, training, and decoding with a cache.

mod case;
mod limits;
mod page;
mod record;
mod saved;
mod verdict;

pub use case::ParityCase;
pub use limits::{Check, EXCEPTIONS, Exception, Limits};
pub use page::page;
pub use record::{Errors, ParityRecord, difference, relative};
pub use saved::{ParityRun, RunOf};
pub use verdict::{ParityVerdict, compare};
