//! Errors of batches.

use crate::tokenizer::TokenizerError;

/// Why a batch could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A split of the text does not fill a single row.
    #[error(
        "the {split} text has {tokens} tokens, but a context of {context} needs at least {}; \
         choose a smaller --context, or provide more text", context.saturating_add(1)
    )]
    TooShort {
        /// `training` or `validation`.
        split: &'static str,
        /// Length of that split in tokens.
        tokens: usize,
        /// The requested context.
        context: usize,
    },
    /// A batch with no rows or no positions.
    #[error("a batch of {rows} rows with a context of {context} is empty; both must be at least 1")]
    Empty {
        /// The requested rows.
        rows: usize,
        /// The requested context.
        context: usize,
    },
    /// No document fills a row.
    #[error("no document of the {split} text has two tokens; provide more text")]
    NoRows {
        /// `training` or `validation`.
        split: &'static str,
    },
    /// The file of an encoded text could not be read.
    #[error("cannot read the encoded text: {0}")]
    Read(#[from] std::io::Error),
    /// A generated text could not be encoded.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
}
