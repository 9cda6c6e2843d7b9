//! Plain text, read in pieces.

use super::byte_order_mark::without_byte_order_mark;
use super::documents::{Documents, PieceEnd, Pieces, TextPiece};
use super::error::TextError;
use crate::records::{damaged, open};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

/// Bytes of a piece.
const PIECE: usize = 1 << 18;

/// Reads the documents of a plain text, until `next` breaks.
///
/// # Errors
///
/// A file that is unreadable, damaged, empty or not UTF-8.
pub(super) fn read(
    path: &Path,
    documents: Documents,
    next: &mut Pieces<'_>,
) -> Result<ControlFlow<()>, TextError> {
    let mut decoder = Decoder { source: open(path)?, path, bytes: Vec::new(), offset: 0 };
    match documents {
        Documents::File => {
            while let Some(text) = decoder.piece()? {
                if next(TextPiece { text: &text, end: PieceEnd::Piece }).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if decoder.is_empty() {
                return Err(TextError::Empty { path: path.into() });
            }
            Ok(next(TextPiece::whole("")))
        }
        _ => by_lines(decoder, documents, next),
    }
}

fn by_lines(
    mut decoder: Decoder<'_>,
    documents: Documents,
    next: &mut Pieces<'_>,
) -> Result<ControlFlow<()>, TextError> {
    let mut rest = String::new();
    let mut lines = LineDocuments { documents, current: String::new() };
    while let Some(text) = decoder.piece()? {
        rest.push_str(&text);
        let mut start = 0;
        while let Some(length) = rest[start..].find('\n') {
            if lines.add(&rest[start..start + length], next).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            start += length + 1;
        }
        rest.drain(..start);
    }
    if decoder.is_empty() {
        return Err(TextError::Empty { path: decoder.path.into() });
    }
    if lines.add(&rest, next).is_break() {
        return Ok(ControlFlow::Break(()));
    }
    Ok(lines.end(next))
}

/// Lines as documents.
struct LineDocuments {
    documents: Documents,
    /// The lines so far of a document of several.
    current: String,
}

impl LineDocuments {
    fn add(&mut self, line: &str, next: &mut Pieces<'_>) -> ControlFlow<()> {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (self.documents, line.trim().is_empty()) {
            (Documents::Line, true) => ControlFlow::Continue(()),
            (Documents::Line, false) => next(TextPiece::whole(line)),
            (_, true) => self.end(next),
            (_, false) => {
                if !self.current.is_empty() {
                    self.current.push('\n');
                }
                self.current.push_str(line);
                ControlFlow::Continue(())
            }
        }
    }

    fn end(&mut self, next: &mut Pieces<'_>) -> ControlFlow<()> {
        match std::mem::take(&mut self.current) {
            text if text.is_empty() => ControlFlow::Continue(()),
            text => next(TextPiece::whole(&text)),
        }
    }
}

/// Decodes UTF-8 with or without a byte order mark.
struct Decoder<'a> {
    source: Box<dyn Read + Send>,
    path: &'a Path,
    /// Read bytes that are not yet a piece.
    bytes: Vec<u8>,
    /// Bytes before them.
    offset: usize,
}

impl Decoder<'_> {
    /// Whether all that was read is nothing.
    fn is_empty(&self) -> bool {
        self.offset == 0
    }

    /// The next piece; `None` at the end of the file.
    fn piece(&mut self) -> Result<Option<String>, TextError> {
        let before = self.bytes.len();
        let count = (&mut self.source).take(PIECE as u64).read_to_end(&mut self.bytes);
        count.map_err(|error: io::Error| damaged(self.path, 1, error))?;
        let is_last = self.bytes.len() == before;
        if is_last && before == 0 {
            return Ok(None);
        }
        if self.offset == 0 {
            let marked = self.bytes.len();
            let text = without_byte_order_mark(&self.bytes).len();
            self.bytes.drain(..marked - text);
        }
        let valid = match str::from_utf8(&self.bytes) {
            Ok(text) => text.len(),
            // A character may go on in the next bytes.
            Err(error) if error.error_len().is_none() && !is_last => error.valid_up_to(),
            Err(error) => {
                let offset = self.offset + error.valid_up_to();
                return Err(TextError::NotUtf8 { path: self.path.into(), offset });
            }
        };
        let rest = self.bytes.split_off(valid);
        let bytes = std::mem::replace(&mut self.bytes, rest);
        self.offset += bytes.len();
        match String::from_utf8(bytes) {
            Ok(text) if text.is_empty() && is_last => Ok(None),
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(TextError::NotUtf8 { path: self.path.into(), offset: self.offset }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn documents(content: &str, documents: Documents) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.txt");
        fs::write(&path, content).unwrap();
        let (mut all, mut current) = (Vec::new(), String::new());
        let mut next = |piece: TextPiece<'_>| {
            current.push_str(piece.text);
            if piece.end == PieceEnd::Document {
                all.push(std::mem::take(&mut current));
            }
            ControlFlow::Continue(())
        };
        assert!(read(&path, documents, &mut next).unwrap().is_continue());
        all
    }

    #[test]
    fn lines_and_paragraphs_are_documents() {
        let text = "\u{feff}one\r\ntwo\n \n\nthree\nfour";
        assert_eq!(documents(text, Documents::File), [&text[3..]]);
        assert_eq!(documents(text, Documents::Line), ["one", "two", "three", "four"]);
        assert_eq!(documents(text, Documents::BlankLine), ["one\ntwo", "three\nfour"]);
    }

    #[test]
    fn pieces_are_cut_between_characters() {
        // Three bytes each: no border of a piece is one of a character.
        let text = "€".repeat(PIECE);
        assert_eq!(documents(&text, Documents::File), [text.as_str()]);
        let lines = format!("{}\nb", "ä€".repeat(PIECE / 2));
        assert_eq!(documents(&lines, Documents::Line).join("\n"), lines);
    }
}
