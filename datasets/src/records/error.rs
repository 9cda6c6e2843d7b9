//! Errors of the user's files.

use super::format::FORMATS;
use std::io;
use std::path::{Path, PathBuf};

/// Why a user's files cannot be read, or do not define a task.
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
    /// No file was requested.
    #[error("no file is given; give files, patterns or folders")]
    NoSource,
    /// No file matches a pattern.
    #[error("no file matches {pattern}; known formats: {FORMATS}")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A glob pattern is invalid.
    #[error("{pattern} is not a pattern: {reason}; write for example data/*.csv")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// A folder has no data files.
    #[error("the folder {path} has no data files; known formats: {FORMATS}")]
    NoDataFile {
        /// The folder.
        path: PathBuf,
    },
    /// A file's extension is unknown.
    #[error("{path}: unknown format; rename or convert the file; known formats: {FORMATS}")]
    UnknownFormat {
        /// The file.
        path: PathBuf,
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
    /// No column has the requested name, or any of the usual ones.
    #[error("{files}: {reason}; the columns are {found}; choose one with {role}")]
    NoColumn {
        /// The first file, and the number of the others.
        files: String,
        /// What the column is for, such as `--text-column`.
        role: String,
        /// The names that were looked for.
        reason: String,
        /// The columns.
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
    /// A file in the folder of a class is no image.
    #[error("{path} is not an image; remove it, or hide it with a dot; known extensions: {known}")]
    NotAnImage {
        /// The file.
        path: PathBuf,
        /// The extensions of images.
        known: String,
    },
    /// A folder has no images.
    #[error("the folder {path} has no images; each class is a folder with its images")]
    NoImages {
        /// The folder.
        path: PathBuf,
    },
    /// An image is beside the folders of classes.
    #[error(
        "{path} is in no class; move it to the folder of its class, or add a metadata.csv with the \
         columns file_name and label"
    )]
    NoClass {
        /// The image.
        path: PathBuf,
    },
    /// The label of an image is not known.
    #[error("{path}: {label:?} is not among the labels: {known}")]
    UnknownClass {
        /// The image.
        path: PathBuf,
        /// The label.
        label: String,
        /// The known labels.
        known: String,
    },
    /// A data set has splits, but not the one that is needed.
    #[error("{path} lacks a split for this; name one of its folders, such as {path}/train")]
    NoSplit {
        /// The folder of the data set.
        path: PathBuf,
    },
    /// A task that does not learn from texts.
    #[error("{task} learns from images, which are not in records of texts")]
    NotTexts {
        /// The task.
        task: &'static str,
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

impl FileError {
    pub(super) fn malformed(path: &Path, line: u64, reason: impl Into<String>) -> Self {
        Self::Malformed { path: path.into(), line, reason: reason.into() }
    }
}
