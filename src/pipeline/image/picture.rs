//! Image decoding.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use thiserror::Error;

use crate::pipeline::PipelineError;
use crate::system::quietly;

/// The maximum number of pixels: a small file can decompress to an image that exhausts memory.
/// Pillow has the same limit.
const MAX_PIXELS: u64 = 178_956_970;

/// The maximum memory of a decoder besides the image itself.
const MAX_BYTES: u64 = 2 << 30;

/// An RGB image: red, green and blue of each pixel, row by row, from 0 to 255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The width in pixels.
    pub width: usize,
    /// The height in pixels.
    pub height: usize,
    /// `height * width * 3` values.
    pub rgb: Vec<u8>,
}

/// An image as model input.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelValues {
    /// The values, channel by channel and row by row.
    pub pixels: Vec<f32>,
    /// The height and width.
    pub size: [usize; 2],
}

/// Why an image cannot be decoded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The format is unsupported or the data is corrupt.
    #[error("not a readable image: {0}; supported formats are PNG, JPEG, WebP, GIF and BMP")]
    Unreadable(String),
    /// The image exceeds the pixel limit.
    #[error("an image of {width} x {height} pixels exceeds the limit of {MAX_PIXELS} pixels")]
    TooLarge {
        /// The width in pixels.
        width: u32,
        /// The height in pixels.
        height: u32,
    },
}

impl Picture {
    /// Reads an image file: PNG, JPEG, WebP, GIF (its first frame) or BMP, independent of its name.
    ///
    /// # Errors
    ///
    /// An unreadable file, or one that is not an image; the error names the file.
    pub fn open(path: &Path) -> Result<Self, PipelineError> {
        let error = |reason: String| PipelineError::File { path: path.to_path_buf(), reason };
        let bytes = std::fs::read(path).map_err(|source| error(source.to_string()))?;
        Self::decode(&bytes).map_err(|source| error(source.to_string()))
    }

    /// Checks the beginning of an image file, which has its format and size; see [`Picture::open`].
    ///
    /// # Errors
    ///
    /// An unreadable file, or one that is not an image; the error names the file.
    pub fn check(path: &Path) -> Result<(), PipelineError> {
        let error = |reason: String| PipelineError::File { path: path.to_path_buf(), reason };
        let file = File::open(path).map_err(|source| error(source.to_string()))?;
        let checked = quietly(|| decoder(BufReader::new(file)).map(drop));
        let checked = checked.unwrap_or_else(|panic| Err(PictureError::Unreadable(panic)));
        checked.map_err(|source| error(source.to_string()))
    }

    /// Decodes the bytes of an image; see [`Picture::open`]. Applies the EXIF orientation.
    ///
    /// # Errors
    ///
    /// Bytes that are not an image, or an image above the size limit.
    pub fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        // Some decoders panic on malformed files; such a panic means an unreadable file.
        let decoded = quietly(|| Self::decode_any(bytes));
        decoded.unwrap_or_else(|panic| Err(PictureError::Unreadable(panic)))
    }

    fn decode_any(bytes: &[u8]) -> Result<Self, PictureError> {
        let unreadable =
            |error: &dyn std::fmt::Display| PictureError::Unreadable(error.to_string());
        let mut decoder = decoder(Cursor::new(bytes))?;
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

/// A decoder that has read the format and the size, which is within the limit.
fn decoder<'a>(content: impl BufRead + Seek + 'a) -> Result<impl ImageDecoder + 'a, PictureError> {
    let unreadable = |error: &dyn std::fmt::Display| PictureError::Unreadable(error.to_string());
    let reader = ImageReader::new(content).with_guessed_format();
    let mut reader = reader.map_err(|error| unreadable(&error))?;
    if reader.format().is_none() {
        return Err(PictureError::Unreadable("unknown format".into()));
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| unreadable(&error))?;
    let (width, height) = decoder.dimensions();
    match u64::from(width) * u64::from(height) > MAX_PIXELS {
        true => Err(PictureError::TooLarge { width, height }),
        false => Ok(decoder),
    }
}

/// The RGB values of every pixel, as by Pillow's `Image.convert("RGB")`: the alpha channel is
/// dropped, and 16-bit values keep their upper 8 bits.
fn rgb(image: DynamicImage) -> Vec<u8> {
    fn high(value: u16) -> u8 {
        (value >> 8) as u8
    }
    match image {
        // Pillow clamps 16-bit grayscale to 255 instead; models were trained on such images.
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
