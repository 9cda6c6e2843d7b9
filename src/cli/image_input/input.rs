//! How a model's images are read.

use std::sync::Arc;

use crate::train::tuning::ImageLoader;

/// How a model's images are read.
pub(in crate::cli) struct ImageInput {
    pub(in crate::cli) loader: Arc<dyn ImageLoader>,
    /// The height and width of every image.
    pub(in crate::cli) size: [usize; 2],
}
