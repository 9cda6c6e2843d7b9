//! Where encoded tokens go: memory, or a file.

use super::error::EncodeError;
use super::token_ids::IdWidth;
use crate::text::TextSplit;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Receives tokens in their order: all of the training split before those of the validation split.
pub(super) trait TokenSink {
    fn ids(&mut self, split: TextSplit, ids: &[u32]) -> Result<(), EncodeError>;

    fn document_end(&mut self, split: TextSplit);
}

/// Something of each split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfSplits<T> {
    pub(crate) train: T,
    pub(crate) valid: T,
}

impl<T> OfSplits<T> {
    fn of(&mut self, split: TextSplit) -> &mut T {
        match split {
            TextSplit::Train => &mut self.train,
            TextSplit::Validation => &mut self.valid,
        }
    }
}

/// Tokens in memory.
#[derive(Debug, Default)]
pub(super) struct MemorySink {
    pub(super) ids: OfSplits<Vec<u32>>,
    pub(super) ends: OfSplits<Vec<u64>>,
}

impl TokenSink for MemorySink {
    fn ids(&mut self, split: TextSplit, ids: &[u32]) -> Result<(), EncodeError> {
        self.ids.of(split).extend_from_slice(ids);
        Ok(())
    }

    fn document_end(&mut self, split: TextSplit) {
        let end = self.ids.of(split).len() as u64;
        self.ends.of(split).push(end);
    }
}

/// Tokens in a file.
pub(super) struct FileSink {
    /// The file or its folder, for errors.
    pub(super) path: PathBuf,
    file: BufWriter<File>,
    width: IdWidth,
    hash: Sha256,
    bytes: Vec<u8>,
    pub(super) counts: OfSplits<usize>,
    pub(super) ends: OfSplits<Vec<u64>>,
}

impl FileSink {
    /// Writes from the position of the file on.
    pub(super) fn new(file: File, path: PathBuf, width: IdWidth) -> Self {
        Self {
            path,
            file: BufWriter::with_capacity(1 << 20, file),
            width,
            hash: Sha256::new(),
            bytes: Vec::new(),
            counts: OfSplits::default(),
            ends: OfSplits::default(),
        }
    }

    /// Writes the ends of the documents; the SHA-256 of everything that was written.
    pub(super) fn end(&mut self) -> Result<Vec<u8>, EncodeError> {
        let ends = self.ends.train.iter().chain(&self.ends.valid);
        self.bytes = ends.flat_map(|end| end.to_le_bytes()).collect();
        self.write()?;
        self.file.flush().map_err(|source| self.error(source))?;
        Ok(self.hash.clone().finalize().to_vec())
    }

    fn write(&mut self) -> Result<(), EncodeError> {
        self.hash.update(&self.bytes);
        let written = self.file.write_all(&self.bytes);
        written.map_err(|source| self.error(source))
    }

    fn error(&self, source: io::Error) -> EncodeError {
        EncodeError::Write { path: self.path.clone(), source }
    }
}

impl TokenSink for FileSink {
    fn ids(&mut self, split: TextSplit, ids: &[u32]) -> Result<(), EncodeError> {
        self.bytes.clear();
        self.width.write(ids, &mut self.bytes);
        *self.counts.of(split) += ids.len();
        self.write()
    }

    fn document_end(&mut self, split: TextSplit) {
        let end = *self.counts.of(split) as u64;
        self.ends.of(split).push(end);
    }
}
