//! Text generation: comparison with the reference, and invariants.

mod batches;
mod drafts;
mod reference;
mod sampling;
mod settings;

use burn_zoo::models::checkpoint::{self, Model};

use crate::contract::checks::device;
use crate::golden::folder;

/// A golden model.
fn load(name: &str) -> Model {
    checkpoint::load(&folder().join(name), &device()).unwrap().model
}
