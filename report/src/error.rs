//! Errors of reports.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::study::SCHEMA;

/// Why a report could not be written or read.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The study has another format version.
    #[error(
        "the study has format {found}, but this version supports format {SCHEMA}; run `zoo compare` \
         again"
    )]
    Schema {
        /// The format version of the study.
        found: u32,
    },
    /// The study cannot be serialized as JSON, or the text is not a study.
    #[error(
        "cannot read the study from JSON ({0}); a null instead of a number means that the value was \
         NaN or infinite"
    )]
    Json(#[from] serde_json::Error),
    /// The rows cannot be written or parsed as CSV.
    #[error("cannot convert the runs to or from CSV: {0}")]
    Csv(#[from] csv::Error),
    /// The template does not match the page.
    #[error("cannot render the report's template: {0}")]
    Template(#[from] minijinja::Error),
    /// A file or folder cannot be written.
    #[error("cannot write {}: {source}; use --out with a writable folder", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
}
