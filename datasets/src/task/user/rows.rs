//! Rows of JSONL and CSV files.

use super::error::FileError;
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};

/// The rows of a file.
pub(super) struct Rows {
    pub(super) path: PathBuf,
    pub(super) rows: Vec<Row>,
}

/// One row: its line in the file, from 1, and its fields.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) fields: Map<String, Value>,
}

impl Rows {
    /// Reads one object per line; empty lines are skipped.
    pub(super) fn jsonl(path: &Path) -> Result<Self, FileError> {
        let text = read(path)?;
        let mut rows = Vec::new();
        for (line, content) in (1..).zip(text.lines()) {
            if content.trim().is_empty() {
                continue;
            }
            let malformed =
                |reason: String| FileError::Malformed { path: path.into(), line, reason };
            match serde_json::from_str(content) {
                Ok(Value::Object(fields)) => rows.push(Row { line, fields }),
                Ok(_) => return Err(malformed("JSON, but not an object {…}".to_owned())),
                Err(error) => {
                    let reason = format!("not JSON, at column {}: {error}", error.column());
                    return Err(malformed(reason));
                }
            }
        }
        Self::new(path, rows)
    }

    /// Reads the field names from the first line, then one row per record.
    pub(super) fn csv(path: &Path) -> Result<Self, FileError> {
        let text = read(path)?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let malformed = |error: csv::Error| FileError::Malformed {
            path: path.into(),
            line: error.position().map_or(1, csv::Position::line),
            reason: format!("not CSV: {error}"),
        };
        let names = reader.headers().map_err(malformed)?.clone();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(malformed)?;
            let line = record.position().map_or(1, csv::Position::line);
            let field = |(name, value): (&str, &str)| (name.trim().to_owned(), value.into());
            rows.push(Row { line, fields: names.iter().zip(&record).map(field).collect() });
        }
        Self::new(path, rows)
    }

    fn new(path: &Path, rows: Vec<Row>) -> Result<Self, FileError> {
        match rows.is_empty() {
            true => Err(FileError::Empty { path: path.into() }),
            false => Ok(Self { path: path.into(), rows }),
        }
    }

    /// The non-empty text of a field; numbers and booleans in their JSON form.
    pub(super) fn text(&self, row: &Row, field: &str) -> Result<String, FileError> {
        let text = match self.value(row, field)? {
            Value::String(text) => text.trim().to_owned(),
            value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
            _ => return Err(self.wrong(row, field, "must be a string".to_owned())),
        };
        match text.is_empty() {
            true => Err(self.wrong(row, field, "is empty".to_owned())),
            false => Ok(text),
        }
    }

    /// The items of a field: a list of strings, or a space-separated string.
    pub(super) fn list(&self, row: &Row, field: &str) -> Result<Vec<String>, FileError> {
        let wrong = || {
            let reason = "must be a list of strings, or a space-separated string";
            self.wrong(row, field, reason.to_owned())
        };
        let items: Vec<String> = match self.value(row, field)? {
            Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
            Value::Array(items) => {
                let item = |item: &Value| item.as_str().map(str::to_owned).ok_or_else(wrong);
                items.iter().map(item).collect::<Result<_, _>>()?
            }
            _ => return Err(wrong()),
        };
        match items.is_empty() {
            true => Err(self.wrong(row, field, "is empty".to_owned())),
            false => Ok(items),
        }
    }

    /// The names of a row's fields.
    pub(super) fn names(row: &Row) -> String {
        row.fields.keys().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn wrong(&self, row: &Row, field: &str, reason: String) -> FileError {
        FileError::Field {
            path: self.path.clone(),
            line: row.line,
            field: field.to_owned(),
            reason,
        }
    }

    fn value<'a>(&self, row: &'a Row, field: &str) -> Result<&'a Value, FileError> {
        row.fields.get(field).ok_or_else(|| FileError::NoField {
            path: self.path.clone(),
            line: row.line,
            field: field.to_owned(),
            found: Self::names(row),
        })
    }
}

fn read(path: &Path) -> Result<String, FileError> {
    let content =
        fs::read(path).map_err(|source| FileError::Unreadable { path: path.into(), source })?;
    String::from_utf8(content).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count() as u64;
        FileError::NotUtf8 { path: path.into(), line }
    })
}
