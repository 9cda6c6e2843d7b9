//! Token ids, in memory or in a file.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// The bytes of a token id in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdWidth {
    Two,
    Four,
}

impl IdWidth {
    /// The width for the ids of a vocabulary.
    pub(crate) fn of(vocab_size: usize) -> Self {
        if vocab_size <= 1 << 16 { Self::Two } else { Self::Four }
    }

    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Adds ids in little-endian order.
    pub(crate) fn write(self, ids: &[u32], into: &mut Vec<u8>) {
        match self {
            Self::Two => ids.iter().for_each(|&id| into.extend((id as u16).to_le_bytes())),
            Self::Four => ids.iter().for_each(|id| into.extend(id.to_le_bytes())),
        }
    }

    fn read(self, bytes: &[u8]) -> Vec<u32> {
        let id = |bytes: &[u8]| bytes.iter().rev().fold(0, |id, &byte| id << 8 | u32::from(byte));
        bytes.chunks_exact(self.bytes()).map(id).collect()
    }
}

/// The token ids of a split. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum TokenIds {
    Memory(Arc<Vec<u32>>),
    File(FileIds),
}

/// A part of a file.
///
/// A window is read at its position, and not through a memory map: the pages of a map would count as
/// memory of the process, and a file that is truncated meanwhile would end the program instead of
/// giving an error.
#[derive(Clone, Debug)]
pub(crate) struct FileIds {
    pub(crate) file: Arc<File>,
    pub(crate) width: IdWidth,
    /// The position of the first id in the file.
    pub(crate) offset: u64,
    pub(crate) count: usize,
}

impl TokenIds {
    pub(crate) fn in_memory(ids: Vec<u32>) -> Self {
        Self::Memory(Arc::new(ids))
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Memory(ids) => ids.len(),
            Self::File(ids) => ids.count,
        }
    }

    /// The ids in a range, which must be within the text.
    pub(crate) fn read(&self, range: Range<usize>) -> io::Result<Vec<u32>> {
        match self {
            Self::Memory(ids) => Ok(ids[range].to_vec()),
            Self::File(ids) => {
                let width = ids.width.bytes();
                let mut bytes = vec![0; range.len() * width];
                read_at(&ids.file, &mut bytes, ids.offset + (range.start * width) as u64)?;
                Ok(ids.width.read(&bytes))
            }
        }
    }

    /// Hashes the ids after their count, so that different lists of lists never hash alike.
    pub(crate) fn hash(&self, hash: &mut Sha256) -> io::Result<()> {
        const BLOCK: usize = 1 << 16;
        hash.update((self.len() as u64).to_le_bytes());
        let mut bytes = Vec::with_capacity(4 * BLOCK);
        for start in (0..self.len()).step_by(BLOCK) {
            let ids = self.read(start..(start + BLOCK).min(self.len()))?;
            bytes.clear();
            IdWidth::Four.write(&ids, &mut bytes);
            hash.update(&bytes);
        }
        Ok(())
    }
}

/// Reads the bytes at a position of a file, whatever the position of other reads.
#[cfg(unix)]
pub(crate) fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, offset)
}

/// Reads the bytes at a position of a file, whatever the position of other reads.
#[cfg(windows)]
pub(crate) fn read_at(file: &File, mut into: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !into.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, into, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                into = &mut into[count..];
                offset += count as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn ids_of_a_file_are_those_in_memory() {
        let ids: Vec<u32> = (0..70_000).collect();
        for (width, ids) in [(IdWidth::Two, &ids[..65_536]), (IdWidth::Four, &ids[..])] {
            assert_eq!(IdWidth::of(ids.len()), width);
            let mut bytes = vec![7; 9];
            width.write(ids, &mut bytes);
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            let file = FileIds { file: Arc::new(file), width, offset: 9, count: ids.len() };
            let (stored, memory) = (TokenIds::File(file), TokenIds::in_memory(ids.to_vec()));
            let end = ids.len();
            for range in [0..end, 17..40, end - 3..end, 5..5] {
                assert_eq!(stored.read(range.clone()).unwrap(), memory.read(range).unwrap());
            }
            let hashes = [&stored, &memory].map(|ids| {
                let mut hash = Sha256::new();
                ids.hash(&mut hash).unwrap();
                hash.finalize()
            });
            assert_eq!(hashes[0], hashes[1]);
        }
    }

    #[test]
    fn a_file_that_became_shorter_is_an_error() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[0; 6]).unwrap();
        let file = FileIds { file: Arc::new(file), width: IdWidth::Two, offset: 0, count: 4 };
        assert!(TokenIds::File(file).read(0..4).is_err());
    }
}
