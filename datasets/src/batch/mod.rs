//! Training and validation batches, as plain vectors of integers.

mod error;
mod example_order;
mod lm_batch;
mod lm_dataset;
mod masking;
mod token_windows;

pub use error::BatchError;
pub use example_order::ExampleOrder;
pub use lm_batch::{BatchAt, BatchShape, IGNORE, LmBatch};
pub use lm_dataset::{LmDataset, ValidBatches};
pub use masking::Masking;
pub use token_windows::TokenWindows;
