//! Fine-tuning on labeled images.

mod data;
mod loader;
mod objective;
mod setup;

pub use data::ImageData;
pub use loader::ImageLoader;
pub use objective::{ImageBatch, PreparedImage, SupervisedImages};
pub use setup::ImageSetup;
