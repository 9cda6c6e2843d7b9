//! The content of a data file, decompressed.

use super::error::FileError;
use super::format::Compression;
use crate::text::without_byte_order_mark;
use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// The window of `zstd --long=31`, the largest that the program writes.
const MAX_ZSTD_WINDOW: u64 = 1 << 31;

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
    stream(path, &mut |chunk| -> Result<(), FileError> {
        content.extend_from_slice(chunk.bytes);
        Ok(())
    })?;
    Ok(content)
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
    let unreadable = |source| FileError::Unreadable { path: path.into(), source };
    let file = File::open(path).map_err(unreadable)?;
    let is_empty = file.metadata().map_err(unreadable)?.len() == 0;
    let compression = Compression::of(path).filter(|_| !is_empty);
    let read = Cell::new(0);
    let mut file = BufReader::with_capacity(CHUNK, Counted { file, read: &read });
    let mut line = 1;
    let mut failed = None;
    let mut push = |bytes: &[u8]| {
        line += bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let received = receive(Chunk { bytes, read: read.get() });
        // The reader of the file stops, and the error is returned below.
        received.map_err(|error| {
            failed = Some(error);
            io::Error::other("stopped")
        })
    };
    let result = match compression {
        None => copy(&mut file, &mut push),
        Some(Compression::Gzip) => copy(&mut MultiGzDecoder::new(file), &mut push),
        Some(Compression::Zstd) => unzstd(&mut file, &mut push),
    };
    match (result, failed) {
        (_, Some(error)) => Err(error),
        (Ok(()), None) => Ok(()),
        (Err(error), None) => Err(match compression {
            None => unreadable(error).into(),
            Some(compression) => {
                let reason = format!(
                    "the {} data is damaged or incomplete ({error}); download or compress the file \
                     again",
                    compression.name()
                );
                FileError::malformed(path, line, reason).into()
            }
        }),
    }
}

/// Counts the bytes that are read.
struct Counted<'a> {
    file: File,
    read: &'a Cell<u64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

/// Receives decompressed bytes.
type Push<'a> = &'a mut dyn FnMut(&[u8]) -> io::Result<()>;

fn copy(from: &mut impl Read, push: Push<'_>) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => push(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Decompresses all frames: parallel compressors write several.
fn unzstd(content: &mut impl BufRead, push: Push<'_>) -> io::Result<()> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(MAX_ZSTD_WINDOW);
    while !content.fill_buf()?.is_empty() {
        match StreamingDecoder::new_with_decoder(&mut *content, &mut decoder) {
            Ok(mut frame) => copy(&mut frame, push)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = u64::from(length);
                let skipped = io::copy(&mut content.by_ref().take(length), &mut io::sink())?;
                if skipped < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            Err(error) => return Err(io::Error::other(error)),
        }
        if let Some(checksum) = decoder.get_checksum_from_data()
            && decoder.get_calculated_checksum() != Some(checksum)
        {
            return Err(io::Error::other("its checksum differs"));
        }
    }
    Ok(())
}

/// The number of the last line of a text, from 1.
fn lines(text: &[u8]) -> u64 {
    1 + text.iter().filter(|&&byte| byte == b'\n').count() as u64
}
