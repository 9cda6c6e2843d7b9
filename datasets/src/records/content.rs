//! The content of a data file, decompressed.

use super::error::FileError;
use super::format::Compression;
use crate::text::without_byte_order_mark;
use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// The window of `zstd --long=31`, the largest that the program writes.
const MAX_ZSTD_WINDOW: u64 = 1 << 31;

/// The text of a file without its byte order mark.
pub(super) fn text(path: &Path) -> Result<String, FileError> {
    let content = bytes(path)?;
    let content = without_byte_order_mark(&content);
    str::from_utf8(content).map(str::to_owned).map_err(|error| {
        let line = lines(&content[..error.valid_up_to()]);
        FileError::NotUtf8 { path: path.into(), line }
    })
}

/// The bytes of a file, decompressed if its name ends with `.gz` or `.zst`.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    let content =
        fs::read(path).map_err(|source| FileError::Unreadable { path: path.into(), source })?;
    let Some(compression) = Compression::of(path).filter(|_| !content.is_empty()) else {
        return Ok(content);
    };
    let mut decompressed = Vec::new();
    let result = match compression {
        Compression::Gzip => MultiGzDecoder::new(&content[..]).read_to_end(&mut decompressed),
        Compression::Zstd => unzstd(&content, &mut decompressed),
    };
    match result {
        Ok(_) => Ok(decompressed),
        Err(error) => {
            let reason = format!(
                "the {} data is damaged or incomplete ({error}); download or compress the file \
                 again",
                compression.name()
            );
            Err(FileError::malformed(path, lines(&decompressed), reason))
        }
    }
}

/// Decompresses all frames: parallel compressors write several.
fn unzstd(mut content: &[u8], into: &mut Vec<u8>) -> io::Result<usize> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(MAX_ZSTD_WINDOW);
    while !content.is_empty() {
        match StreamingDecoder::new_with_decoder(&mut content, &mut decoder) {
            Ok(mut frame) => frame.read_to_end(into)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                content = content.get(length as usize..).ok_or(io::ErrorKind::UnexpectedEof)?;
                continue;
            }
            Err(error) => return Err(io::Error::other(error)),
        };
        if let Some(checksum) = decoder.get_checksum_from_data()
            && decoder.get_calculated_checksum() != Some(checksum)
        {
            return Err(io::Error::other("its checksum differs"));
        }
    }
    Ok(into.len())
}

/// The number of the last line of a text, from 1.
fn lines(text: &[u8]) -> u64 {
    1 + text.iter().filter(|&&byte| byte == b'\n').count() as u64
}
