//! Text corpora with a training and a validation split.

use super::error::TextError;
use super::stories::Stories;
use super::text_file::{self, Parts};
use super::{TextSource, names, tinyshakespeare};
use crate::locate::{DataFile, SearchPath};
use crate::tokenizer::{Tokenizer, TokenizerError, Vocabulary};
use std::collections::BTreeSet;
use std::path::Path;

/// A text with a training and a validation split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    /// The training split.
    pub train: Train,
    /// The validation split: its positions, lines or stories are disjoint from the training split.
    pub valid: String,
}

/// The training split of a [`Corpus`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Train {
    /// A fixed text.
    Text(String),
    /// Endless [`Stories`], generated on demand.
    Stories,
}

impl Corpus {
    /// Loads or generates the text of `source`.
    ///
    /// # Errors
    ///
    /// [`TextError`] if a file is missing, modified or not text.
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

    /// A user's text: the first 90 % of its characters for training, the rest for validation.
    pub fn from_text(text: &str) -> Self {
        text_file::split(text).into()
    }

    /// Every character of either split, in the order of code points.
    pub fn alphabet(&self) -> Vec<char> {
        let train = match &self.train {
            Train::Text(text) => text,
            Train::Stories => Stories::ALPHABET,
        };
        let distinct: BTreeSet<char> = train.chars().chain(self.valid.chars()).collect();
        distinct.into_iter().collect()
    }

    /// Builds a tokenizer for this text.
    ///
    /// Characters come from both splits; other vocabularies are trained on the training split alone.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::EmptyVocabulary`] or [`TokenizerError::SmallVocabulary`].
    pub fn tokenizer(&self, vocabulary: Vocabulary) -> Result<Tokenizer, TokenizerError> {
        match vocabulary {
            Vocabulary::Characters => Tokenizer::characters(self.alphabet()),
            trained => Tokenizer::of_texts([self.sample()], trained),
        }
    }

    /// The text to train a tokenizer on: the training text, or the first 5,000 stories.
    ///
    /// It is a single string, because a byte-level BPE splits `"\n\n"` before a word in two and
    /// does not split `"\n\n"` at the end of a text.
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

/// The text of a published data set.
fn known(file: &DataFile, search_path: &SearchPath) -> Result<String, TextError> {
    text_file::decode(search_path.read(file)?, Path::new(file.path))
}
