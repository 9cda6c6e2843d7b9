//! The content of a data file, decompressed.

use super::error::FileError;
use super::format::Compression;
use super::zstd::ZstdReader;
use crate::text::without_byte_order_mark;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

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
    let mut content = Vec::new();
    match open(path)?.read_to_end(&mut content) {
        Ok(_) => Ok(content),
        Err(error) => Err(damaged(path, lines(&content), error)),
    }
}

/// Opens a file, which is decompressed as it is read if its name ends with `.gz` or `.zst`.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read + Send>, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.into(), source };
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(unreadable)?);
    let Some(compression) = Compression::of(path) else { return Ok(Box::new(file)) };
    // An empty file is that of an interrupted download, and has no header to read.
    if file.fill_buf().map_err(unreadable)?.is_empty() {
        return Ok(Box::new(file));
    }
    Ok(match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(file)),
        Compression::Zstd => Box::new(ZstdReader::new(file)),
    })
}

/// The error for content that cannot be read or decompressed after this line.
pub(crate) fn damaged(path: &Path, line: u64, error: io::Error) -> FileError {
    let Some(compression) = Compression::of(path) else {
        return FileError::Unreadable { path: path.into(), source: error };
    };
    let reason = format!(
        "the {} data is damaged or incomplete ({error}); download or compress the file again",
        compression.name()
    );
    FileError::malformed(path, line, reason)
}

/// The number of the last line of a text, from 1.
fn lines(text: &[u8]) -> u64 {
    1 + text.iter().filter(|&&byte| byte == b'\n').count() as u64
}
