//! From image files to a model's input pixels.

mod changed;
mod files;
mod picture;
mod prepare;
mod resize;

pub use files::ImageFiles;
pub use picture::{Picture, PictureError, PixelValues};
pub(super) use prepare::FILE as PREPROCESSOR_FILE;
pub use prepare::ImageReader;
