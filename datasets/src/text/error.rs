//! Errors of texts.

use crate::locate::LocateError;
use crate::records::FileError;
use std::io;
use std::path::PathBuf;

/// Why a text could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The file of a published data set is unavailable.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// The user's files are missing, damaged, or have no texts.
    #[error(transparent)]
    Files(#[from] FileError),
    /// The user's file is missing or unreadable.
    #[error("cannot read the text file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
    /// The file is empty.
    #[error("the text file {path} is empty; provide a file that contains text")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is not UTF-8.
    #[error(
        "the text file {path} is not UTF-8: the byte at offset {offset} does not begin a character; \
         convert it first, for example with iconv -t UTF-8"
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Offset in bytes of the first byte that is not UTF-8.
        offset: usize,
    },
    /// The validation data are a folder of images.
    #[error("running text has no validation folder; name files, or a share of the text")]
    ValidationFolder,
}
