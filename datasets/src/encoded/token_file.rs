//! The file of an encoded text.
//!
//! ```text
//! header                        JSON, filled up with spaces to 1024 bytes
//! ids of the training split     2 or 4 bytes each, little-endian
//! ids of the validation split
//! ends of the documents         8 bytes each, of both splits, if rows have borders
//! ```

use super::sink::OfSplits;
use super::token_ids::{FileIds, IdWidth, TokenIds, read_at};
use crate::hash::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::sync::Arc;

/// The bytes before the ids.
pub(super) const HEADER: usize = 1024;

/// The version of the format, and of the encoding.
pub(super) const FORMAT: u32 = 1;

/// Bytes that are hashed at a time.
const BLOCK: usize = 1 << 20;

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: u32,
    pub(super) width: usize,
    pub(super) train: usize,
    pub(super) valid: usize,
    pub(super) train_documents: usize,
    pub(super) valid_documents: usize,
    pub(super) fingerprint: String,
    /// The hash of everything behind the header.
    pub(super) sha256: String,
}

/// An encoded text.
#[derive(Clone, Debug)]
pub(crate) struct EncodedText {
    pub(crate) ids: OfSplits<TokenIds>,
    /// Where the documents end, if rows have borders.
    pub(crate) ends: OfSplits<Vec<u64>>,
    pub(crate) fingerprint: String,
}

impl Header {
    /// The header as bytes.
    pub(super) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.resize(HEADER - 1, b' ');
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn width(&self) -> Option<IdWidth> {
        [IdWidth::Two, IdWidth::Four].into_iter().find(|width| width.bytes() == self.width)
    }

    /// The bytes behind the header; `None` for impossible numbers.
    fn length(&self) -> Option<u64> {
        let ids = self.train.checked_add(self.valid)?.checked_mul(self.width)?;
        let ends = self.train_documents.checked_add(self.valid_documents)?.checked_mul(8)?;
        u64::try_from(ids.checked_add(ends)?).ok()
    }

    /// The ids of a file with this header.
    pub(super) fn ids(&self, file: &Arc<File>) -> Option<OfSplits<TokenIds>> {
        let width = self.width()?;
        let ids = |first: usize, count: usize| {
            let offset = (HEADER + first * width.bytes()) as u64;
            TokenIds::File(FileIds { file: file.clone(), width, offset, count })
        };
        Some(OfSplits { train: ids(0, self.train), valid: ids(self.train, self.valid) })
    }
}

/// Opens a file; `None` if it is not complete and unchanged. `done` receives the number of checked
/// bytes.
pub(super) fn open(file: File, done: &mut dyn FnMut(u64, u64)) -> io::Result<Option<EncodedText>> {
    let mut header = [0; HEADER];
    let length = file.metadata()?.len();
    if length < HEADER as u64 {
        return Ok(None);
    }
    read_at(&file, &mut header, 0)?;
    let Ok(header) = serde_json::from_slice::<Header>(&header) else { return Ok(None) };
    let body = length - HEADER as u64;
    if header.format != FORMAT || header.length() != Some(body) {
        return Ok(None);
    }
    let mut hash = Sha256::new();
    let mut bytes = vec![0; BLOCK];
    let mut position = 0;
    while position < body {
        let count = (body - position).min(BLOCK as u64) as usize;
        read_at(&file, &mut bytes[..count], HEADER as u64 + position)?;
        hash.update(&bytes[..count]);
        position += count as u64;
        done(position, body);
    }
    if hex(&hash.finalize()) != header.sha256 {
        return Ok(None);
    }
    let ends = (header.train_documents + header.valid_documents) * 8;
    let mut bytes = vec![0; ends];
    read_at(&file, &mut bytes, length - ends as u64)?;
    let end = |bytes: &[u8]| bytes.iter().rev().fold(0, |end, &byte| end << 8 | u64::from(byte));
    let mut train: Vec<u64> = bytes.chunks_exact(8).map(end).collect();
    let valid = train.split_off(header.train_documents);
    let Some(ids) = header.ids(&Arc::new(file)) else { return Ok(None) };
    let Header { fingerprint, .. } = header;
    Ok(Some(EncodedText { ids, ends: OfSplits { train, valid }, fingerprint }))
}
