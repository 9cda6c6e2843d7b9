//! One row, and typed access to its fields.

use super::error::FileError;
use super::label;
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;

/// One row of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The file that has the row.
    pub file: Arc<Path>,
    /// The line that the row begins on, from 1; the number of the row in Parquet.
    pub line: u64,
    /// The values by their names. Tables have only strings.
    pub fields: Map<String, Value>,
    /// Names that occur more than once in the header of the row's table.
    repeated: Option<Arc<[String]>>,
}

impl Record {
    pub(super) fn new(file: &Arc<Path>, line: u64, fields: Map<String, Value>) -> Self {
        Self { file: file.clone(), line, fields, repeated: None }
    }

    pub(super) fn with_repeated(self, repeated: &Arc<[String]>) -> Self {
        Self { repeated: Some(repeated.clone()), ..self }
    }

    /// The text of a field without spaces around it; numbers and booleans in their JSON form.
    ///
    /// # Errors
    ///
    /// [`FileError`], if there is no such field, or if it is empty or not a string.
    pub fn text(&self, field: &str) -> Result<String, FileError> {
        let text = match self.value(field)? {
            Value::String(text) => text.trim().to_owned(),
            value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
            other => return Err(self.error(field, mismatch("a string", other))),
        };
        match text.is_empty() {
            true => Err(self.error(field, "is empty")),
            false => Ok(text),
        }
    }

    /// The label in a field: the text of the field, where equal numbers are equal labels.
    ///
    /// # Errors
    ///
    /// As [`text`](Self::text).
    pub fn label(&self, field: &str) -> Result<String, FileError> {
        Ok(label::shortest(&self.text(field)?).to_owned())
    }

    /// The items of a field: a list of strings or numbers, such a list as JSON in a string, or a
    /// space-separated string. Numbers are in the form of labels.
    ///
    /// # Errors
    ///
    /// [`FileError`], if there is no such field, or if it is empty or not such a list.
    pub fn list(&self, field: &str) -> Result<Vec<String>, FileError> {
        let expected = "a list of strings, or a space-separated string";
        let value = self.value(field)?;
        let item = |item: &Value| match item {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(label::shortest(&number.to_string()).to_owned()),
            other => Err(self.error(field, mismatch(expected, other) + " among its items")),
        };
        let items: Vec<String> = match value {
            Value::Array(items) => items.iter().map(item).collect::<Result<_, _>>()?,
            Value::String(text) => match serde_json::from_str(text) {
                Ok(Value::Array(items)) => items.iter().map(item).collect::<Result<_, _>>()?,
                _ if text.trim_start().starts_with("['") => {
                    let reason = "a list in a string must be JSON, with double quotes: [\"a\"]";
                    return Err(self.error(field, reason));
                }
                _ => text.split_whitespace().map(str::to_owned).collect(),
            },
            other => return Err(self.error(field, mismatch(expected, other))),
        };
        match items.is_empty() {
            true => Err(self.error(field, "is empty")),
            false => Ok(items),
        }
    }

    /// The finite number in a field, which may be a string.
    ///
    /// # Errors
    ///
    /// [`FileError`], if there is no such field, or if it has no finite number.
    pub fn number(&self, field: &str) -> Result<f64, FileError> {
        let number = match self.value(field)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            other => return Err(self.error(field, mismatch("a number", other))),
        };
        number.filter(|number| number.is_finite()).ok_or_else(|| {
            let found = self.fields.get(field).map(Value::to_string).unwrap_or_default();
            self.error(field, format!("must be a number such as 1 or 2.5, not {found}"))
        })
    }

    /// The error that a field's value has, with the file and the line.
    pub fn error(&self, field: &str, reason: impl Into<String>) -> FileError {
        FileError::Field {
            path: self.file.to_path_buf(),
            line: self.line,
            field: field.to_owned(),
            reason: reason.into(),
        }
    }

    fn value(&self, field: &str) -> Result<&Value, FileError> {
        let path = self.file.to_path_buf();
        if self.repeated.iter().any(|names| names.iter().any(|name| name == field)) {
            return Err(FileError::RepeatedColumn { path, field: field.to_owned() });
        }
        self.fields.get(field).ok_or_else(|| FileError::NoField {
            path,
            line: self.line,
            field: field.to_owned(),
            found: self.field_names(),
        })
    }

    /// The names of the fields in quotes, for messages.
    pub(crate) fn field_names(&self) -> String {
        quoted(self.fields.keys().map(String::as_str))
    }
}

fn mismatch(expected: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("must be {expected}, not {found}")
}

/// The names in quotes, for messages.
pub(super) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}
