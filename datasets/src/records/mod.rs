//! Labeled data in files: JSON Lines, JSON, CSV and TSV, CoNLL and Parquet, also compressed.
//!
//! [`Records::read`] reads files, glob patterns and folders into [`Record`]s, which keep their file
//! and line, so that an error in a value names where it is.
//!
//! ```
//! use zoo_datasets::records::Records;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("reviews.csv");
//! std::fs::write(&file, "review;stars\n\"Great, really\";5\nPoor;1\n")?;
//!
//! let records = Records::read(&[file])?;
//! let text = records.column(None, "--text-column", &["text", "review"])?;
//! assert_eq!(records.rows[0].text(&text)?, "Great, really");
//! assert_eq!(records.rows[1].number("stars")?, 1.0);
//! # Ok(())
//! # }
//! ```

mod column_texts;
mod conll;
mod content;
mod dialect;
mod error;
mod format;
mod json;
mod jsonl;
mod label;
mod lines;
mod object;
mod parquet;
mod record;
mod set;
mod sources;
mod squad;
mod table;
mod validation_source;
mod zstd;

pub use error::FileError;
pub use format::Format;
pub use record::Record;
pub use set::Records;
pub use validation_source::ValidationSource;

pub(crate) use column_texts::column_texts;
pub(crate) use content::{damaged, open, stream};
pub(crate) use sources::{FolderFiles, find_files};
