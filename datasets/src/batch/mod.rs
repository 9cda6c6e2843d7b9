//! Training and validation batches, as plain vectors of integers, and the order and changes of examples.

mod augment;
mod corrupted_text;
mod corruption;
mod denoising;
mod document_rows;
mod error;
mod example_order;
mod lm_batch;
mod lm_dataset;
mod masking;
mod noise;
mod span_corruption;
mod token_windows;

pub use augment::{Augment, CropBox, ImageChange, UnknownAugment};
pub use corrupted_text::CorruptedText;
pub use corruption::Corruption;
pub use denoising::Denoising;
pub use document_rows::RowOrder;
pub use error::BatchError;
pub use example_order::ExampleOrder;
pub use lm_batch::{BatchAt, BatchShape, IGNORE, LmBatch};
pub use lm_dataset::{LmDataset, ValidBatches};
pub use masking::{MaskUnit, Masking};
pub use noise::Noise;
pub use span_corruption::SpanCorruption;
pub use token_windows::{TokenWindows, WindowBatches};
