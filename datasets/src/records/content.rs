//! The content of a data file, decompressed.

use super::error::FileError;
use super::format::Compression;
use super::zstd::ZstdReader;
use crate::text::without_byte_order_mark;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The size of a chunk, in bytes.
const CHUNK: usize = 1 << 16;

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
    decompressed(path, stored(path)?)
}

/// A part of a file's content, decompressed.
pub(crate) struct Chunk<'a> {
    pub(crate) bytes: &'a [u8],
    /// The part of the file that was read, in bytes as it is stored.
    pub(crate) read: u64,
}

/// Reads a file chunk by chunk, decompressed if its name ends with `.gz` or `.zst`.
///
/// # Errors
///
/// [`FileError`] of an unreadable or damaged file; the error of `receive`.
pub(crate) fn stream<E: From<FileError>>(
    path: &Path,
    receive: &mut dyn FnMut(Chunk<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let read = AtomicU64::new(0);
    let mut content = decompressed(path, Counted { file: stored(path)?, read: &read })?;
    let (mut buffer, mut line) = (vec![0; CHUNK], 1);
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                let bytes = &buffer[..count];
                line += line_breaks(bytes);
                receive(Chunk { bytes, read: read.load(Ordering::Relaxed) })?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(damaged(path, line, error).into()),
        }
    }
}

/// Counts the bytes that are read.
struct Counted<'a> {
    file: File,
    read: &'a AtomicU64,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A file as it is stored.
fn stored(path: &Path) -> Result<File, FileError> {
    File::open(path).map_err(|source| FileError::Unreadable { path: path.into(), source })
}

/// The content of a file, which is decompressed as it is read.
fn decompressed<'a>(
    path: &Path,
    file: impl Read + Send + 'a,
) -> Result<Box<dyn Read + Send + 'a>, FileError> {
    let mut file = BufReader::with_capacity(CHUNK, file);
    let Some(compression) = Compression::of(path) else { return Ok(Box::new(file)) };
    // An empty file is that of an interrupted download, and has no header to read.
    let first = file.fill_buf();
    let first = first.map_err(|source| FileError::Unreadable { path: path.into(), source })?;
    if first.is_empty() {
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
    1 + line_breaks(text)
}

fn line_breaks(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}
