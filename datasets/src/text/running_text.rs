//! Running text of any size, from the user's files.

use super::documents::{PieceEnd, Pieces, TextPiece};
use super::error::TextError;
use super::summary::{TextScan, TextSummary};
use super::text_files::TextFiles;
use crate::records::ValidationSource;
use std::ops::ControlFlow;

/// Bytes of text that are kept in memory; larger texts are read again whenever they are needed.
const IN_MEMORY: u64 = 8 << 20;

/// A split of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSplit {
    /// The text to train on.
    Train,
    /// The held-out text.
    Validation,
}

/// The documents of the user's files, with a training and a validation split.
#[derive(Debug)]
pub struct RunningText {
    train: Source,
    validation: Validation,
}

/// The held-out part.
#[derive(Debug)]
enum Validation {
    /// The text behind this number of characters.
    Behind(u64),
    /// A text of its own.
    Text(Source),
}

#[derive(Debug)]
struct Source {
    files: TextFiles,
    summary: TextSummary,
    /// All documents of a small text, or of one that can be read only once.
    documents: Option<Vec<String>>,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// The largest text that is kept in memory, in bytes.
    pub in_memory: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { in_memory: IN_MEMORY }
    }
}

impl RunningText {
    /// Reads files once, to find their length and their characters. `done` receives the number of
    /// bytes that are read.
    ///
    /// # Errors
    ///
    /// [`TextError`] for a file that is missing, damaged, empty or not UTF-8.
    pub fn open(
        files: TextFiles,
        validation: &ValidationSource,
        limits: ReadLimits,
        done: &mut dyn FnMut(u64),
    ) -> Result<Self, TextError> {
        let train = Source::open(files, limits, done)?;
        let validation = match validation {
            ValidationSource::Share(share) => {
                // In millionths: a tenth is exact.
                let kept = 1_000_000 - (share.clamp(0.0, 1.0) * 1e6).round() as u128;
                let chars = u128::from(train.summary.chars) * kept / 1_000_000;
                Validation::Behind(chars as u64)
            }
            ValidationSource::Files(paths) => {
                let files = TextFiles { files: paths.clone(), ..train.files.clone() };
                Validation::Text(Source::open(files, limits, done)?)
            }
            ValidationSource::Folder => return Err(TextError::ValidationFolder),
        };
        Ok(Self { train, validation })
    }

    /// Files without a training split.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn held_out(
        files: TextFiles,
        limits: ReadLimits,
        done: &mut dyn FnMut(u64),
    ) -> Result<Self, TextError> {
        let train = Source::open(files, limits, done)?;
        Ok(Self { train, validation: Validation::Behind(0) })
    }

    /// Every character of both splits, in the order of code points.
    pub fn alphabet(&self) -> Vec<char> {
        let mut all = self.train.summary.alphabet.clone();
        if let Validation::Text(text) = &self.validation {
            all.extend(&text.summary.alphabet);
        }
        all.into_iter().collect()
    }

    /// The number of bytes of both splits.
    pub fn bytes(&self) -> u64 {
        self.sources().map(|source| source.summary.bytes).sum()
    }

    /// The number of documents of both splits.
    pub fn documents(&self) -> u64 {
        self.sources().map(|source| source.summary.documents).sum()
    }

    /// Whether a split has more than one document.
    pub(crate) fn has_several_documents(&self) -> bool {
        self.sources().any(|source| source.summary.documents > 1)
    }

    /// Whether the text is kept in memory.
    pub fn is_in_memory(&self) -> bool {
        self.sources().all(|source| source.documents.is_some())
    }

    /// What identifies the text and its splits.
    pub(crate) fn identity(&self) -> String {
        match &self.validation {
            Validation::Behind(chars) => format!("{} {chars}", self.train.summary.sha256),
            Validation::Text(text) => {
                format!("{} {}", self.train.summary.sha256, text.summary.sha256)
            }
        }
    }

    /// Reads the training and then the validation split in pieces, until `next` breaks. Each split
    /// ends its last document.
    ///
    /// # Errors
    ///
    /// A file that changed, and cannot be read any more.
    pub fn read(
        &self,
        next: &mut dyn FnMut(TextSplit, TextPiece<'_>) -> ControlFlow<()>,
    ) -> Result<(), TextError> {
        match &self.validation {
            Validation::Behind(chars) => {
                let mut left = *chars;
                self.train.read(&mut |piece| cut(piece, &mut left, next))
            }
            Validation::Text(text) => {
                let mut flow = ControlFlow::Continue(());
                self.train.read(&mut |piece| {
                    flow = next(TextSplit::Train, piece);
                    flow
                })?;
                match flow.is_break() {
                    true => Ok(()),
                    false => text.read(&mut |piece| next(TextSplit::Validation, piece)),
                }
            }
        }
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        let text = match &self.validation {
            Validation::Behind(_) => None,
            Validation::Text(text) => Some(text),
        };
        std::iter::once(&self.train).chain(text)
    }
}

/// Passes on a piece, of which the first `left` characters are of the training split.
fn cut(
    piece: TextPiece<'_>,
    left: &mut u64,
    next: &mut dyn FnMut(TextSplit, TextPiece<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if *left == 0 {
        return next(TextSplit::Validation, piece);
    }
    let chars = piece.text.chars().count() as u64;
    if chars < *left {
        *left -= chars;
        return next(TextSplit::Train, piece);
    }
    let place = piece.text.char_indices().nth(*left as usize);
    let (train, rest) = piece.text.split_at(place.map_or(piece.text.len(), |(place, _)| place));
    *left = 0;
    next(TextSplit::Train, TextPiece { text: train, end: PieceEnd::Document })?;
    next(TextSplit::Validation, TextPiece { text: rest, end: piece.end })
}

impl Source {
    fn open(
        files: TextFiles,
        limits: ReadLimits,
        done: &mut dyn FnMut(u64),
    ) -> Result<Self, TextError> {
        let is_once = files.paths()?.iter().any(|path| !path.is_file());
        let mut documents = Some(Vec::new());
        let (mut scan, mut current) = (TextScan::new(), String::new());
        files.read(&mut |piece| {
            scan.add(piece);
            if let Some(all) = &mut documents {
                current.push_str(piece.text);
                if piece.end == PieceEnd::Document {
                    all.push(std::mem::take(&mut current));
                }
            }
            // A pipe can be read only once.
            if scan.bytes() > limits.in_memory && !is_once && documents.is_some() {
                (documents, current) = (None, String::new());
            }
            done(scan.bytes());
            ControlFlow::Continue(())
        })?;
        Ok(Self { files, summary: scan.end(), documents })
    }

    fn read(&self, next: &mut Pieces<'_>) -> Result<(), TextError> {
        let Some(documents) = &self.documents else { return self.files.read(next) };
        let whole = |text: &String| next(TextPiece::whole(text));
        // The consumer knows that it broke.
        let _ = documents.iter().try_for_each(whole);
        Ok(())
    }
}
