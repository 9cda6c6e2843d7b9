//! What can be wrong with a user's file.

use std::io;
use std::path::PathBuf;

/// Why a user's file makes no task.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file is missing, or cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There are no rows in the file.
    #[error("{path} has no rows; name a file with one example to a row")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is not text in UTF-8.
    #[error("{path}, line {line}: not UTF-8; convert it first, for example with iconv -t UTF-8")]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A row is not what the format asks for.
    #[error("{path}, line {line}: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// A row lacks a field.
    #[error(
        "{path}, line {line}: no field {field:?}, but {found}; name the fields, for example \
         {field}=NAME"
    )]
    NoField {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The field.
        field: String,
        /// The fields that there are.
        found: String,
    },
    /// A field has nothing in it, or something else than it should.
    #[error("{path}, line {line}, field {field:?}: {reason}")]
    Field {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The field.
        field: String,
        /// What is wrong.
        reason: String,
    },
    /// The fields say not what the task is.
    #[error(
        "{path} has the fields {found}, from which no task follows; give text and label, source \
         and target, or words and tags, for example text=NAME,label=NAME"
    )]
    NoTask {
        /// The file.
        path: PathBuf,
        /// The fields that there are.
        found: String,
    },
    /// There is nothing to choose between.
    #[error("{path}: every row has the label {label:?}; there must be at least two labels")]
    OneLabel {
        /// The file.
        path: PathBuf,
        /// The only label.
        label: String,
    },
    /// A label cannot be learnt.
    #[error(
        "{path}, line {line}: the label {label:?} occurs in no row that is trained on; add rows \
         with it, or leave this one out"
    )]
    UnseenLabel {
        /// The file.
        path: PathBuf,
        /// The first line with the label, from 1.
        line: u64,
        /// The label.
        label: String,
    },
    /// Too few rows for three parts.
    #[error(
        "{path}: of {rows} rows none is left for {split}; one in ten is for validation and one in \
         ten for the test, so give some hundred rows"
    )]
    TooFewRows {
        /// The file.
        path: PathBuf,
        /// How many rows there are.
        rows: usize,
        /// The part that is empty.
        split: &'static str,
    },
}
