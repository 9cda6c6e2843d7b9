//! Errors of encoding a text.

use crate::text::TextError;
use crate::tokenizer::TokenizerError;
use std::io;
use std::path::PathBuf;

/// Why a text could not be encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The text cannot be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The text is another one than a moment ago.
    #[error("the text changed while it was read; wait until its files are complete")]
    Changed,
    /// The tokenizer cannot encode the text.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The encoded text cannot be written or read.
    #[error(
        "cannot write the encoded text to {path}: {source}; make room there, or set ZOO_CACHE to \
         another folder"
    )]
    Write {
        /// The file, or its folder.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
    /// Encoded text that cannot be read.
    #[error("cannot read the encoded text: {0}")]
    Read(#[from] io::Error),
}
