//! Errors of tokenizers.

use std::io;
use std::path::PathBuf;

/// Why a tokenizer could not be built, loaded, saved or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizerError {
    /// The text has a character that the vocabulary lacks.
    #[error(
        "the character {character:?} ({}) at byte {offset} of the text is not in the \
         tokenizer's vocabulary of {vocab_size} characters; a byte-level BPE tokenizer takes any \
         text",
        character.escape_unicode()
    )]
    UnknownCharacter {
        /// The first such character.
        character: char,
        /// Its byte offset in the text.
        offset: usize,
        /// Size of the vocabulary.
        vocab_size: usize,
    },
    /// No token has this id.
    #[error("{id} is not a token id: the tokenizer's vocabulary ends at {}", vocab_size - 1)]
    UnknownId {
        /// The id.
        id: u32,
        /// One more than the largest id.
        vocab_size: usize,
    },
    /// The vocabulary would be empty.
    #[error("a tokenizer needs at least one character in its vocabulary; the text has none")]
    EmptyVocabulary,
    /// The vocabulary is too small for its alphabet.
    #[error(
        "the vocabulary needs at least {smallest} tokens ({parts}), but {asked} were requested"
    )]
    SmallVocabulary {
        /// The requested size.
        asked: usize,
        /// The smallest possible size.
        smallest: usize,
        /// What it consists of.
        parts: String,
    },
    /// A special token is empty.
    #[error("a special token is empty")]
    EmptyToken,
    /// A tokenizer file does not exist.
    #[error("the tokenizer file {path} does not exist")]
    Missing {
        /// The missing file.
        path: PathBuf,
    },
    /// A directory has no tokenizer files.
    #[error("{folder} has no tokenizer: neither tokenizer.json nor {wanted}")]
    NoFiles {
        /// The directory.
        folder: PathBuf,
        /// The other supported files.
        wanted: String,
    },
    /// A tokenizer file is invalid.
    #[error("{path} is not a valid tokenizer file: {reason}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("cannot read or write {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
    /// Special tokens, and a text that must not be truncated, fill the maximum length.
    #[error(
        "{taken} of at most {max_length} tokens are already used, which leaves no room for the text"
    )]
    NoRoom {
        /// The maximum length in tokens.
        max_length: usize,
        /// The tokens already used.
        taken: usize,
    },
    /// The `tokenizers` crate failed.
    #[error("the tokenizer failed to {action}: {reason}")]
    Failed {
        /// The failed action.
        action: &'static str,
        /// Its error message.
        reason: String,
    },
}

/// The error of a failed action of the `tokenizers` crate.
pub(super) fn failed(action: &'static str) -> impl Fn(tokenizers::Error) -> TokenizerError {
    move |error| TokenizerError::Failed { action, reason: error.to_string() }
}
