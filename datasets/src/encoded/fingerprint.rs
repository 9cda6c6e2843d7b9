//! What identifies the data of a run.

use super::sink::OfSplits;
use super::token_ids::TokenIds;
use crate::hash::hex;
use sha2::{Digest, Sha256};
use std::io;

/// A SHA-256 over the token ids of both splits, and over the ends of documents where there are some.
pub(crate) fn text_fingerprint(
    ids: &OfSplits<TokenIds>,
    ends: &OfSplits<Vec<u64>>,
) -> io::Result<String> {
    let mut hash = Sha256::new();
    hash.update("text\n");
    ids.train.hash(&mut hash)?;
    ids.valid.hash(&mut hash)?;
    if !ends.train.is_empty() || !ends.valid.is_empty() {
        hash.update("documents\n");
        for ends in [&ends.train, &ends.valid] {
            hash.update((ends.len() as u64).to_le_bytes());
            ends.iter().for_each(|end| hash.update(end.to_le_bytes()));
        }
    }
    Ok(hex(&hash.finalize()))
}
