//! From a file with an image to what a model sees.

mod picture;
mod prepare;
mod resize;

pub use picture::{Picture, PictureError};
pub(super) use prepare::FILE as PREPROCESSOR_FILE;
pub use prepare::ImageReader;
