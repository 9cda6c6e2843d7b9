//! Labeled texts and images: what people fine-tune on, and evaluate with.
//!
//! A [`LabeledTask`] says what is learned, and [`LabeledTexts::read`] finds the columns of
//! [`Records`](crate::records::Records) that it needs. [`LabeledImages::read`] finds the image files of
//! folders and tables; it does not open them.

mod class_weights;
mod columns;
mod image_files;
mod image_split;
mod images;
mod label_names;
mod read;
mod related;
mod split;
mod task;
mod text;

pub use class_weights::{ClassWeight, ClassWeights, ClassWeightsError};
pub use columns::Columns;
pub use image_split::ImageSplit;
pub use images::{LabeledImage, LabeledImages};
pub use task::{LabeledTask, UnknownLabeledTask};
pub use text::{Answer, LabeledTarget, LabeledText, LabeledTexts, Relation};
