//! A text in two parts: one to train on, one to validate on.

use super::stories::Stories;
use super::text_file::{self, Parts};
use super::{TextSource, names, tinyshakespeare};
use crate::locate::{DataFile, LocateError, SearchPath};
use crate::tokenizer::{Tokenizer, TokenizerError, Vocabulary};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// A text to train and validate on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    /// What to train on.
    pub train: Train,
    /// What to validate on: none of its positions, lines or stories is one of the training split's.
    pub valid: String,
}

/// The training split of a [`Corpus`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Train {
    /// A text that is there.
    Text(String),
    /// [`Stories`] without end, which are made as they are needed.
    Stories,
}

/// Why a text could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The file of a known data set could not be had.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// The user's file is missing, or cannot be read.
    #[error("cannot read the text file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is nothing in the file.
    #[error("the text file {path} is empty; name a file with some text in it")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is not text in UTF-8.
    #[error(
        "the text file {path} is not UTF-8: the byte at offset {offset} begins no character; \
         convert it first, for example with iconv -t UTF-8"
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Offset in bytes of the first byte that is not UTF-8.
        offset: usize,
    },
}

impl Corpus {
    /// Loads, or generates, the text that `source` names.
    ///
    /// # Errors
    ///
    /// [`TextError`] where a file is missing, changed or no text.
    pub fn load(source: &TextSource, search_path: &SearchPath) -> Result<Self, TextError> {
        match source {
            TextSource::Stories => Ok(Self::stories()),
            TextSource::TinyShakespeare => known(&tinyshakespeare::FILE, search_path)
                .map(|text| tinyshakespeare::split(&text).into()),
            TextSource::Names => {
                known(&names::FILE, search_path).map(|text| names::split(&text).into())
            }
            TextSource::File(path) => text_file::read(path).map(|text| Self::from_text(&text)),
        }
    }

    /// Endless stories, validated on [`Stories::VALIDATION`] held-out ones.
    pub fn stories() -> Self {
        let valid = Stories::held_out().text(0, Stories::VALIDATION);
        Self { train: Train::Stories, valid }
    }

    /// A text of one's own: the first 90 % of its characters to train on, the rest to validate.
    pub fn from_text(text: &str) -> Self {
        text_file::split(text).into()
    }

    /// Every character that occurs in either part, in the order of its code.
    pub fn alphabet(&self) -> Vec<char> {
        let train = match &self.train {
            Train::Text(text) => text,
            Train::Stories => Stories::ALPHABET,
        };
        let distinct: BTreeSet<char> = train.chars().chain(self.valid.chars()).collect();
        distinct.into_iter().collect()
    }

    /// A tokenizer made for this text.
    ///
    /// The characters are those of both parts; a BPE is trained on the training split alone.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::EmptyVocabulary`] or [`TokenizerError::SmallVocabulary`].
    pub fn tokenizer(&self, vocabulary: Vocabulary) -> Result<Tokenizer, TokenizerError> {
        match vocabulary {
            Vocabulary::Characters => Tokenizer::characters(self.alphabet()),
            Vocabulary::Bpe(size) => Tokenizer::train_bpe([self.sample()], size),
        }
    }

    /// What a tokenizer should be trained on: the training text, or the first 5,000 stories.
    ///
    /// In one piece, because a byte-level BPE cuts `"\n\n"` before a word into two parts and
    /// `"\n\n"` at the end of a text into none.
    pub fn sample(&self) -> String {
        match &self.train {
            Train::Text(text) => text.clone(),
            Train::Stories => Stories::new(0).text(0, 5_000),
        }
    }
}

impl From<Parts> for Corpus {
    fn from(parts: Parts) -> Self {
        Self { train: Train::Text(parts.train), valid: parts.valid }
    }
}

/// The text of a known data set.
fn known(file: &DataFile, search_path: &SearchPath) -> Result<String, TextError> {
    text_file::decode(search_path.read(file)?, Path::new(file.path))
}
