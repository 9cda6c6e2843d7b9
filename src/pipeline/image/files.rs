//! Image files as training data.

use std::path::Path;

use super::{ImageReader, Picture};
use crate::datasets::batch::ImageChange;
use crate::train::TrainError;
use crate::train::tuning::ImageLoader;

/// Reads image files with the preprocessing of a model, in training as in
/// [`ImageClassifier`](crate::pipeline::ImageClassifier).
#[derive(Debug, Clone)]
pub struct ImageFiles {
    reader: ImageReader,
    size: [usize; 2],
}

impl ImageFiles {
    /// Image files for this preprocessing.
    ///
    /// # Errors
    ///
    /// A preprocessing that gives images of different sizes, which are no batch.
    pub fn new(reader: ImageReader) -> Result<Self, String> {
        match reader.size() {
            Some(size) => Ok(Self { reader, size }),
            None => Err("it gives images of different sizes; training needs one size, with \
                         do_center_crop, or a size with height and width"
                .to_owned()),
        }
    }

    /// The height and width of every image.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }
}

impl ImageLoader for ImageFiles {
    fn pixels(&self, path: &Path, change: &ImageChange) -> Result<Vec<f32>, TrainError> {
        let picture = Picture::open(path).map_err(TrainError::data)?;
        let values = self.reader.prepare_changed(&picture, change);
        let reason = |reason: String| TrainError::Data(format!("{}: {reason}", path.display()));
        Ok(values.map_err(reason)?.pixels)
    }
}
