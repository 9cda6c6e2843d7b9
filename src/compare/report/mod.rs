//! A study as something to read: one HTML file, Markdown, a table of runs as CSV, and JSON.
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

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A study of another version.
    #[error(
        "the study is of format {found}, this program writes and reads {SCHEMA}; make it again with `zoo compare`"
    )]
    Schema {
        /// The format that it has.
        found: u32,
    },
    /// A study that cannot be kept as JSON, or a text that holds none.
    #[error(
        "the study cannot be read from its JSON ({0}); a null where a number belongs was a value that is no number"
    )]
    Json(#[from] serde_json::Error),
    /// Rows that cannot be written or read.
    #[error("the runs as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// The template says something else than the page holds.
    #[error("the report's template: {0}")]
    Template(#[from] minijinja::Error),
    /// A file or folder that cannot be written.
    #[error("{0}; give a folder that can be written to with --out")]
    Write(#[from] SaveError),
}

/// The study as JSON, which [`read`] takes.
///
/// # Errors
///
/// A value of the study is no number.
pub fn json(study: &Study) -> Result<String, ReportError> {
    let mut value = serde_json::to_value(study)?;
    round(&mut value);
    let text = serde_json::to_string_pretty(&value)? + "\n";
    // JSON has no infinity: it becomes null, which only reading notices.
    read(&text)?;
    Ok(text)
}

/// Rounds every number that is no count, so that it is read as it is written.
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

/// The study that [`json`] wrote; numbers have 12 digits.
///
/// # Errors
///
/// It is no study, or one of another format.
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

/// Writes `report.html`, `report.md`, `runs.csv` and `study.json` into a folder, which is made if it is not
/// there. Each is whole or not there. The result is their paths, in this order.
///
/// # Errors
///
/// Names the file that cannot be written, or says what is wrong with the study; nothing is written then.
pub fn write(study: &Study, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let json = json(study)?;
    // All four say the same, to the digit.
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
