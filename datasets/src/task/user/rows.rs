//! Rows of JSONL and CSV files.

use super::error::FileError;
use crate::text::without_byte_order_mark;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The rows of a file.
pub(super) struct Rows {
    pub(super) path: PathBuf,
    pub(super) rows: Vec<Row>,
    /// Column names that occur more than once in the header of a table.
    repeated: Vec<String>,
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
                Ok(Fields { fields, repeated: None }) => rows.push(Row { line, fields }),
                Ok(Fields { repeated: Some(field), .. }) => {
                    return Err(malformed(format!("the field {field:?} is given twice")));
                }
                Err(error) if error.is_data() => {
                    return Err(malformed("JSON, but not an object {…}".to_owned()));
                }
                Err(error) => {
                    let reason = format!("not JSON, at column {}: {error}", error.column());
                    return Err(malformed(reason));
                }
            }
        }
        Self::new(path, rows, Vec::new())
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
        let count = |name: &str| names.iter().filter(|other| other.trim() == name).count();
        let names = names.iter().map(str::trim);
        let repeated = names.filter(|name| count(name) > 1).map(str::to_owned).collect();
        Self::new(path, rows, repeated)
    }

    fn new(path: &Path, rows: Vec<Row>, repeated: Vec<String>) -> Result<Self, FileError> {
        match rows.is_empty() {
            true => Err(FileError::Empty { path: path.into() }),
            false => Ok(Self { path: path.into(), rows, repeated }),
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

    /// The label in a field: the text of the field, where numbers that are equal are equal labels.
    pub(super) fn label(&self, row: &Row, field: &str) -> Result<String, FileError> {
        Ok(label(&self.text(row, field)?).to_owned())
    }

    /// The items of a field: a list of strings, or a space-separated string; numbers in a list in
    /// their JSON form.
    pub(super) fn list(&self, row: &Row, field: &str) -> Result<Vec<String>, FileError> {
        let wrong = || {
            let reason = "must be a list of strings, or a space-separated string";
            self.wrong(row, field, reason.to_owned())
        };
        let items: Vec<String> = match self.value(row, field)? {
            Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
            Value::Array(items) => {
                let item = |item: &Value| match item {
                    Value::String(text) => Ok(text.clone()),
                    Value::Number(number) => Ok(label(&number.to_string()).to_owned()),
                    _ => Err(wrong()),
                };
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
        if self.repeated.iter().any(|name| name == field) {
            return Err(FileError::RepeatedColumn {
                path: self.path.clone(),
                field: field.to_owned(),
            });
        }
        row.fields.get(field).ok_or_else(|| FileError::NoField {
            path: self.path.clone(),
            line: row.line,
            field: field.to_owned(),
            found: Self::names(row),
        })
    }
}

/// The fields of a JSON object, and a name that it has more than once.
struct Fields {
    fields: Map<String, Value>,
    repeated: Option<String>,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let (mut fields, mut repeated) = (Map::new(), None);
                while let Some(name) = map.next_key::<String>()? {
                    if fields.contains_key(&name) {
                        repeated = Some(name.clone());
                    }
                    fields.insert(name, map.next_value()?);
                }
                Ok(Fields { fields, repeated })
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// A label in its shortest form: `1.0` is `1`, because programs that write tables turn whole numbers
/// into fractions. Texts that are no decimal number are unchanged, and so is `007`.
fn label(text: &str) -> &str {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((whole, fraction)) = text.split_once('.') else {
        return text;
    };
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let is_number = digits(unsigned)
        && (unsigned == "0" || !unsigned.starts_with('0'))
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match is_number {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

fn read(path: &Path) -> Result<String, FileError> {
    let content =
        fs::read(path).map_err(|source| FileError::Unreadable { path: path.into(), source })?;
    let content = without_byte_order_mark(&content);
    str::from_utf8(content).map(str::to_owned).map_err(|error| {
        let before = &content[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count() as u64;
        FileError::NotUtf8 { path: path.into(), line }
    })
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn equal_numbers_are_one_label() {
        for (text, shortest) in [
            ("0.0", "0"),
            ("1.", "1"),
            ("-2.50", "-2.5"),
            ("10", "10"),
            ("100.0", "100"),
            ("007.0", "007.0"),
            ("1.0.0", "1.0.0"),
            (".5", ".5"),
            ("v1.0", "v1.0"),
            ("yes", "yes"),
        ] {
            assert_eq!(label(text), shortest);
        }
    }
}
