//! Training and validation batches, as plain vectors of integers.

mod error;
mod lm_batch;
mod lm_dataset;

pub use error::BatchError;
pub use lm_batch::{BatchAt, BatchShape, IGNORE, LmBatch};
pub use lm_dataset::{LmDataset, ValidBatches};
