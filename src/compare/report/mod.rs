//! Renders a study: one HTML file, Markdown, the runs as CSV, and JSON.
//!
//! ```
//! use burn_zoo::compare::{report, study::Study};
//!
//! # fn show(study: &Study) -> Result<(), report::ReportError> {
//! let folder = std::path::Path::new("reports/listops");
//! for path in report::write(study, folder)? {
//!     println!("{}", path.display());
//! }
//! # Ok(())
//! # }
//! ```

pub mod chart;
pub mod number;
pub mod page;
pub mod runs;
pub mod verdict;

mod html;
mod markdown;
mod sections;

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::job::{make_folder, rounded};
use super::study::{SCHEMA, Study};
use crate::models::checkpoint::{SaveError, write_atomically};

pub use html::html;
pub use markdown::markdown;
pub use sections::page;

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
    #[error("{0}; use --out with a writable folder")]
    Write(#[from] SaveError),
}

/// The study as JSON, the format that [`read`] parses.
///
/// # Errors
///
/// A value of the study is NaN or infinite.
pub fn json(study: &Study) -> Result<String, ReportError> {
    let mut value = serde_json::to_value(study)?;
    round(&mut value);
    let text = serde_json::to_string_pretty(&value)? + "\n";
    // JSON has no infinity: the value becomes null, which is only detected when the text is parsed.
    read(&text)?;
    Ok(text)
}

/// Rounds all floating-point numbers, so that they survive a round trip through JSON.
fn round(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(number) = number.as_f64() {
                *value = rounded(number).into();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(round),
        Value::Object(fields) => fields.values_mut().for_each(round),
        _ => {}
    }
}

/// Parses the study that [`json`] wrote; floating-point numbers have 12 digits.
///
/// # Errors
///
/// The text is not a study, or has another format version.
pub fn read(text: &str) -> Result<Study, ReportError> {
    #[derive(serde::Deserialize)]
    struct Version {
        schema: u32,
    }
    let Version { schema } = serde_json::from_str(text)?;
    if schema != SCHEMA {
        return Err(ReportError::Schema { found: schema });
    }
    Ok(serde_json::from_str(text)?)
}

/// Writes `report.html`, `report.md`, `runs.csv` and `study.json` into a folder, which is created
/// if it is missing. Each file is written atomically. Returns the paths in this order.
///
/// # Errors
///
/// A file cannot be written, and the error names it; or the study is invalid, and nothing is
/// written.
pub fn write(study: &Study, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let json = json(study)?;
    // Renders the rounded values, so that all four files agree to the last digit.
    let study = &read(&json)?;
    let texts = [
        ("report.html", html(study)?),
        ("report.md", markdown(study)),
        ("runs.csv", runs::csv(study)?),
        ("study.json", json),
    ];
    make_folder(folder)?;
    let mut paths = Vec::new();
    for (name, text) in texts {
        let path = folder.join(name);
        write_atomically(&path, |file| file.write_all(text.as_bytes()))?;
        paths.push(path);
    }
    Ok(paths)
}
