//! Images out of files.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use thiserror::Error;

use crate::pipeline::PipelineError;
use crate::system::quietly;

/// More pixels than a picture has: what a small file unpacks to can fill any memory. Pillow stops
/// there too.
const MAX_PIXELS: u64 = 178_956_970;

/// What a decoder may take beside the picture.
const MAX_BYTES: u64 = 2 << 30;

/// A picture: red, green and blue of each pixel, row by row, from 0 to 255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `height * width * 3` values.
    pub rgb: Vec<u8>,
}

/// Why bytes give no picture.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PictureError {
    /// They are of no format that is read, or broken.
    #[error("no image that can be read: {0}; PNG, JPEG, WebP, GIF and BMP are read")]
    Unreadable(String),
    /// They promise more than there could be.
    #[error("an image of {width} x {height} pixels is refused; it has more than {MAX_PIXELS}")]
    TooLarge {
        /// Pixels of a row.
        width: u32,
        /// Rows.
        height: u32,
    },
}

impl Picture {
    /// Reads a file: PNG, JPEG, WebP, GIF (its first picture) or BMP, whatever its name.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or is no image; names it.
    pub fn open(path: &Path) -> Result<Self, PipelineError> {
        let error = |reason: String| PipelineError::File { path: path.to_path_buf(), reason };
        let bytes = std::fs::read(path).map_err(|source| error(source.to_string()))?;
        Self::decode(&bytes).map_err(|source| error(source.to_string()))
    }

    /// Reads an image's bytes; see [`Picture::open`]. A camera held on its side is turned back.
    ///
    /// # Errors
    ///
    /// Bytes that are no image, or one that would not fit into memory.
    pub fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        // Decoders are made for files that programs write; one that panics is only a bad file.
        let decoded = quietly(|| Self::decode_any(bytes));
        decoded.unwrap_or_else(|panic| Err(PictureError::Unreadable(panic)))
    }

    fn decode_any(bytes: &[u8]) -> Result<Self, PictureError> {
        let unreadable =
            |error: &dyn std::fmt::Display| PictureError::Unreadable(error.to_string());
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
        let mut reader = reader.map_err(|error| unreadable(&error))?;
        if reader.format().is_none() {
            return Err(PictureError::Unreadable("it begins like none".into()));
        }
        let mut limits = Limits::default();
        limits.max_alloc = Some(MAX_BYTES);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(|error| unreadable(&error))?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(PictureError::TooLarge { width, height });
        }
        let turn = decoder.orientation().map_err(|error| unreadable(&error))?;
        let mut image = DynamicImage::from_decoder(decoder).map_err(|error| unreadable(&error))?;
        image.apply_orientation(turn);
        let (width, height) = (image.width() as usize, image.height() as usize);
        if width == 0 || height == 0 {
            return Err(PictureError::Unreadable("it has no pixels".into()));
        }
        Ok(Self { width, height, rgb: rgb(image) })
    }
}

/// Red, green and blue of every pixel, as `Image.convert("RGB")` of Pillow has them: transparency is
/// left out, and of 16 bits the upper 8 are kept.
fn rgb(image: DynamicImage) -> Vec<u8> {
    fn high(value: u16) -> u8 {
        (value >> 8) as u8
    }
    match image {
        // Pillow cuts gray of 16 bits off at 255 instead; what models were given looks like that.
        DynamicImage::ImageLuma16(image) => {
            image.pixels().flat_map(|pixel| [pixel.0[0].min(255) as u8; 3]).collect()
        }
        DynamicImage::ImageLumaA16(image) => {
            image.pixels().flat_map(|pixel| [high(pixel.0[0]); 3]).collect()
        }
        DynamicImage::ImageRgb16(image) => image.into_raw().into_iter().map(high).collect(),
        DynamicImage::ImageRgba16(image) => {
            image.pixels().flat_map(|pixel| [0, 1, 2].map(|color| high(pixel.0[color]))).collect()
        }
        DynamicImage::ImageRgba8(image) => {
            image.pixels().flat_map(|pixel| [0, 1, 2].map(|color| pixel.0[color])).collect()
        }
        DynamicImage::ImageLumaA8(image) => {
            image.pixels().flat_map(|pixel| [pixel.0[0]; 3]).collect()
        }
        other => other.into_rgb8().into_raw(),
    }
}
