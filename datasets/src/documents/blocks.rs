//! Running text in blocks that are cut between words.

use std::path::Path;

use super::error::DocumentError;
use crate::records::{FileError, stream};
use crate::text::{TextError, without_byte_order_mark};
use crate::tokenizer::last_cut_of_words;

/// The size of a block, in bytes.
const BLOCK: usize = 1 << 22;

/// The size after which a text without spaces is cut anywhere, in bytes.
const LONGEST: usize = 1 << 24;

/// A part of a document, or a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentBlock<'a> {
    /// The text, which is cut between words where it has several.
    pub text: &'a str,
    /// The part of the file that was read, in bytes as it is stored.
    pub read: u64,
}

/// The text of which no block was made yet.
struct Rest<'p> {
    path: &'p Path,
    bytes: Vec<u8>,
    /// The offset of the text in the file, decompressed.
    offset: usize,
    /// The length at which the next block is made.
    next: usize,
}

/// Reads a text file in blocks.
///
/// # Errors
///
/// [`TextError::Empty`]; [`TextError::NotUtf8`] with the offset; the errors of reading the file.
pub(super) fn read<E: From<DocumentError>>(
    path: &Path,
    receive: &mut dyn FnMut(DocumentBlock<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut rest = Rest { path, bytes: Vec::new(), offset: 0, next: BLOCK };
    let mut read = 0;
    stream(path, &mut |chunk| -> Result<(), Streamed<E>> {
        read = chunk.read;
        rest.bytes.extend_from_slice(chunk.bytes);
        if rest.bytes.len() < rest.next {
            return Ok(());
        }
        let text = rest.text()?;
        let end = last_cut_of_words(text).or_else(|| (text.len() >= LONGEST).then_some(text.len()));
        let Some(end) = end else {
            rest.next = rest.bytes.len() * 2;
            return Ok(());
        };
        receive(DocumentBlock { text: &text[..end], read }).map_err(Streamed::Receiver)?;
        rest.drop_front(end);
        Ok(())
    })
    .map_err(Streamed::into_inner)?;
    let text = rest.text()?;
    if text.len() < rest.end() {
        return Err(rest.not_utf8(text.len()).into());
    }
    match (text.is_empty(), rest.offset) {
        (true, 0) => Err(DocumentError::from(TextError::Empty { path: path.into() }).into()),
        (true, _) => Ok(()),
        (false, _) => receive(DocumentBlock { text, read }),
    }
}

/// An error of reading, or of the receiver.
enum Streamed<E> {
    Read(DocumentError),
    Receiver(E),
}

impl<E: From<DocumentError>> Streamed<E> {
    fn into_inner(self) -> E {
        match self {
            Self::Read(error) => error.into(),
            Self::Receiver(error) => error,
        }
    }
}

impl<E> From<DocumentError> for Streamed<E> {
    fn from(error: DocumentError) -> Self {
        Self::Read(error)
    }
}

impl<E> From<FileError> for Streamed<E> {
    fn from(error: FileError) -> Self {
        Self::Read(error.into())
    }
}

impl Rest<'_> {
    /// The bytes without a byte order mark.
    fn content(&self) -> &[u8] {
        match self.offset {
            0 => without_byte_order_mark(&self.bytes),
            _ => &self.bytes,
        }
    }

    fn end(&self) -> usize {
        self.content().len()
    }

    /// The text up to an incomplete character at the end.
    fn text(&self) -> Result<&str, DocumentError> {
        let content = self.content();
        match str::from_utf8(content) {
            Ok(text) => Ok(text),
            Err(error) if error.error_len().is_some() => Err(self.not_utf8(error.valid_up_to())),
            Err(error) => {
                let valid = str::from_utf8(&content[..error.valid_up_to()]);
                Ok(valid.unwrap_or_default())
            }
        }
    }

    fn not_utf8(&self, at: usize) -> DocumentError {
        let mark = self.bytes.len() - self.end();
        let offset = self.offset + mark + at;
        TextError::NotUtf8 { path: self.path.into(), offset }.into()
    }

    fn drop_front(&mut self, length: usize) {
        let length = length + self.bytes.len() - self.end();
        self.bytes.drain(..length);
        self.offset += length;
        self.next = BLOCK;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(content: &[u8]) -> Result<Vec<String>, DocumentError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.txt");
        std::fs::write(&path, content).unwrap();
        let mut blocks = Vec::new();
        read(&path, &mut |block| {
            assert!(block.read <= content.len() as u64);
            blocks.push(block.text.to_owned());
            Ok::<(), DocumentError>(())
        })?;
        Ok(blocks)
    }

    #[test]
    fn blocks_are_cut_between_words_and_concatenate_to_the_text() {
        let text = "some words é and more\n".repeat(BLOCK / 10);
        let found = blocks(text.as_bytes()).unwrap();
        assert!(found.len() > 1 && found.iter().all(|block| block.len() < BLOCK + (1 << 20)));
        assert!(
            found[1..].iter().all(|block| block.starts_with([' ', 's'])),
            "{:?}",
            &found[1][..9]
        );
        assert!(found.concat() == text);
        // A text without spaces is bounded too, and a character stays whole.
        let text = "é".repeat(LONGEST * 3 / 4);
        let found = blocks(text.as_bytes()).unwrap();
        assert!(found.len() > 1 && found.concat() == text);
    }

    #[test]
    fn what_is_not_utf8_is_named_with_its_offset() {
        let offset = |content: &[u8]| match blocks(content) {
            Err(DocumentError::Text(TextError::NotUtf8 { offset, .. })) => offset,
            other => panic!("{other:?}"),
        };
        assert_eq!(offset(b"\xff"), 0);
        assert_eq!(offset(b"\xef\xbb\xbfab\xff"), 5);
        assert_eq!(offset(b"ab\xc3"), 2);
        let mut long = "word and ".repeat(BLOCK).into_bytes();
        long.extend(b"\xe9t\xe9");
        assert_eq!(offset(&long), long.len() - 3);
        assert!(matches!(blocks(b""), Err(DocumentError::Text(TextError::Empty { .. }))));
        assert!(matches!(
            blocks(b"\xef\xbb\xbf"),
            Err(DocumentError::Text(TextError::Empty { .. }))
        ));
        assert_eq!(blocks(b"\xef\xbb\xbfa").unwrap(), ["a"]);
    }
}
