//! The texts of a column, one after the other: files that are larger than memory.

use super::error::FileError;
use super::format::Format;
use super::record::Record;
use super::set::Records;
use super::{content, json, jsonl, parquet, table};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// The usual names of a column of documents.
const USUAL: [&str; 8] =
    ["text", "content", "document", "article", "body", "story", "sentence", "code"];

/// Reads the texts of a column of a file, the requested one or one of the usual names, until `next`
/// breaks. Rows without a text, and those whose text is blank, are skipped.
///
/// Tables and JSON arrays are read as a whole, other formats in parts.
///
/// # Errors
///
/// [`FileError`], which names the file, and the line if there is one.
pub(crate) fn column_texts(
    path: &Path,
    format: Format,
    requested: Option<&str>,
    next: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<(), FileError> {
    let file: Arc<Path> = path.into();
    let choose = |row: &Record| {
        let first = Records::new(vec![row.clone()]);
        first.column(requested, "--text-column", &USUAL)
    };
    let mut column: Option<String> = None;
    let mut each = |row: Record| {
        let name = match &column {
            Some(name) => name,
            None => column.insert(choose(&row)?),
        };
        Ok(match row.fields.get(name) {
            Some(Value::String(text)) if text.trim().is_empty() => ControlFlow::Continue(()),
            Some(Value::String(text)) => next(text),
            Some(Value::Null) => ControlFlow::Continue(()),
            _ => next(&row.text(name)?),
        })
    };
    match format {
        Format::Jsonl => jsonl::each(&file, &mut each),
        Format::Csv => table::each(&file, &content::text(path)?, b',', &mut each),
        Format::Tsv => table::each(&file, &content::text(path)?, b'\t', &mut each),
        Format::Parquet => parquet::each(&file, &mut |row| choose(row), &mut each),
        _ => {
            for row in json::read(&file, &content::text(path)?)? {
                if each(row)?.is_break() {
                    break;
                }
            }
            Ok(())
        }
    }
}
