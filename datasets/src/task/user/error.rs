//! Errors of the user's files.

use std::io;
use std::path::PathBuf;

/// Why a user's file does not define a task.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file is missing or unreadable.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
    /// The file has no rows.
    #[error("{path} has no rows; provide a file with one example per row")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is not UTF-8.
    #[error("{path}, line {line}: not UTF-8; convert it first, for example with iconv -t UTF-8")]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A row does not follow the format.
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
        /// The fields of the row.
        found: String,
    },
    /// A table has several columns of one name.
    #[error("{path} has more than one column {field:?}; rename or remove all but one")]
    RepeatedColumn {
        /// The file.
        path: PathBuf,
        /// The name of the columns.
        field: String,
    },
    /// A field is empty or has the wrong type.
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
    /// The fields do not determine a task.
    #[error(
        "{path} has the fields {found}, which determine no task; name text and label, source \
         and target, or words and tags, for example text=NAME,label=NAME"
    )]
    NoTask {
        /// The file.
        path: PathBuf,
        /// The fields of the row.
        found: String,
    },
    /// All rows have the same label.
    #[error("{path}: every row has the label {label:?}; there must be at least two labels")]
    OneLabel {
        /// The file.
        path: PathBuf,
        /// The only label.
        label: String,
    },
    /// A label does not occur in training.
    #[error(
        "{path}, line {line}: the label {label:?} does not occur in the training split; add rows \
         with it, or remove this one"
    )]
    UnseenLabel {
        /// The file.
        path: PathBuf,
        /// The first line with the label, from 1.
        line: u64,
        /// The label.
        label: String,
    },
    /// Too few rows for three splits.
    #[error(
        "{path}: of {rows} rows none is left for {split}; one in ten is for validation and one in \
         ten for the test, so provide a few hundred rows"
    )]
    TooFewRows {
        /// The file.
        path: PathBuf,
        /// The number of rows.
        rows: usize,
        /// The empty split.
        split: &'static str,
    },
}
