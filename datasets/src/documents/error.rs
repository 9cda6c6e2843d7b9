//! Errors of documents.

use crate::records::FileError;
use crate::text::TextError;

/// Why the texts of a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The file is missing, damaged or not a table.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not text, or empty.
    #[error(transparent)]
    Text(#[from] TextError),
}
