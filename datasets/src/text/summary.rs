//! What a first pass over a text finds.

use super::documents::{PieceEnd, TextPiece};
use crate::hash::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The size and the characters of a text.
#[derive(Debug)]
pub(super) struct TextSummary {
    pub(super) bytes: u64,
    pub(super) chars: u64,
    pub(super) documents: u64,
    pub(super) alphabet: BTreeSet<char>,
    /// SHA-256 over the documents.
    pub(super) sha256: String,
}

/// A first pass over a text.
pub(super) struct TextScan {
    bytes: u64,
    chars: u64,
    documents: u64,
    hash: Sha256,
    /// Whether a code point occurs.
    known: Vec<bool>,
}

impl TextScan {
    pub(super) fn new() -> Self {
        let known = vec![false; char::MAX as usize + 1];
        Self { bytes: 0, chars: 0, documents: 0, hash: Sha256::new(), known }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn add(&mut self, piece: TextPiece<'_>) {
        self.bytes += piece.text.len() as u64;
        for character in piece.text.chars() {
            self.chars += 1;
            self.known[character as usize] = true;
        }
        self.hash.update(piece.text);
        if piece.end == PieceEnd::Document {
            self.documents += 1;
            // No byte of UTF-8.
            self.hash.update([0xff]);
        }
    }

    pub(super) fn end(self) -> TextSummary {
        let known = (0_u32..).zip(&self.known).filter(|(_, known)| **known);
        TextSummary {
            bytes: self.bytes,
            chars: self.chars,
            documents: self.documents,
            alphabet: known.filter_map(|(code, _)| char::from_u32(code)).collect(),
            sha256: hex(&self.hash.finalize()),
        }
    }
}
