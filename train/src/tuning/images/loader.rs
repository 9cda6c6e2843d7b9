//! Reads images when a batch needs them.

use std::fmt::Debug;
use std::num::NonZero;
use std::path::Path;
use std::thread;

use zoo_datasets::batch::ImageChange;
use zoo_datasets::labeled::LabeledImage;

use super::objective::PreparedImage;
use crate::error::TrainError;

/// Reads image files as model input. A data set may be larger than the memory: only the images of a
/// batch are read.
pub trait ImageLoader: Debug + Send + Sync {
    /// The pixel values of an image after a random change: `channels * height * width` values, the
    /// same number for every image.
    ///
    /// # Errors
    ///
    /// The file cannot be read; the error names it.
    fn pixels(&self, path: &Path, change: &ImageChange) -> Result<Vec<f32>, TrainError>;
}

/// Reads images on all cores.
pub(super) fn load(
    loader: &dyn ImageLoader,
    images: &[LabeledImage],
    changes: &[ImageChange],
) -> Result<Vec<PreparedImage>, TrainError> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = images.len().div_ceil(threads).max(1);
    let one = |image: &LabeledImage, change: &ImageChange| {
        let pixels = loader.pixels(&image.path, change)?;
        Ok(PreparedImage { pixels, label: image.label })
    };
    let some = |images: &[LabeledImage], changes: &[ImageChange]| {
        images.iter().zip(changes).map(|(image, change)| one(image, change)).collect()
    };
    let parts: Vec<Result<Vec<PreparedImage>, TrainError>> = thread::scope(|scope| {
        let parts = images.chunks(share).zip(changes.chunks(share));
        let threads: Vec<_> =
            parts.map(|(images, changes)| scope.spawn(move || some(images, changes))).collect();
        let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(parts.into_iter().flatten().collect())
}
