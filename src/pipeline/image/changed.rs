//! Random changes of training images before they are preprocessed.

use super::{ImageReader, Picture, PixelValues};
use crate::datasets::batch::{CropBox, ImageChange};

impl ImageReader {
    /// The pixel values of an image after a random change. A random part is resized to the size of
    /// every output, in place of the resizing and the crop of other images.
    ///
    /// # Errors
    ///
    /// See [`ImageReader::prepare`]; a part for a reader whose outputs have different sizes.
    pub fn prepare_changed(
        &self,
        picture: &Picture,
        change: &ImageChange,
    ) -> Result<PixelValues, String> {
        let mut values = match change.crop([picture.height, picture.width]) {
            None => self.prepare(picture)?,
            Some(part) => {
                let Some(size) = self.size() else {
                    return Err("a random crop needs outputs of one size".to_owned());
                };
                self.clone().resizing_to(size)?.prepare(&picture.part(part))?
            }
        };
        if change.is_flipped() {
            let [_, width] = values.size;
            values.pixels.chunks_exact_mut(width).for_each(<[f32]>::reverse);
        }
        Ok(values)
    }
}

impl Picture {
    /// A part of the image.
    fn part(&self, part: CropBox) -> Self {
        let CropBox { top, left, height, width } = part;
        let rows = self.rgb.chunks_exact(self.width * 3).skip(top).take(height);
        let rgb = rows.flat_map(|row| row[left * 3..][..width * 3].iter().copied()).collect();
        Self { width, height, rgb }
    }
}
