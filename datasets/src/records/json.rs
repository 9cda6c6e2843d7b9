//! JSON documents.

use super::error::FileError;
use super::lines::Lines;
use super::record::Record;
use super::{jsonl, object, squad};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::path::Path;
use std::sync::Arc;

const EXPECTED: &str = "a JSON file must be an array of objects, an object with such an array as \
     \"data\", or in SQuAD's format; name a file with one object per line .jsonl";

/// Reads an array of objects, an object with such an array as `data`, or SQuAD's nesting.
///
/// A file that has one object per line in spite of its name is read as JSON Lines.
pub(super) fn read(file: &Arc<Path>, text: &str) -> Result<Vec<Record>, FileError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    if jsonl::is_likely(text) {
        return jsonl::read(file, text);
    }
    let document: &RawValue = serde_json::from_str(text).map_err(|error| {
        FileError::malformed(file, error.line() as u64, object::not_json(&error))
    })?;
    let mut lines = Lines::new(text);
    let first = lines.of(document.get());
    let array = match document.get().starts_with('{') {
        true => data(document).ok_or_else(|| FileError::malformed(file, first, EXPECTED))?,
        false => document,
    };
    let items: Vec<&RawValue> = serde_json::from_str(array.get())
        .map_err(|_| FileError::malformed(file, first, EXPECTED))?;
    if items.first().is_some_and(|item| squad::is_article(item)) {
        return squad::read(file, &items, lines);
    }
    let rows = items.into_iter().map(|item| {
        let line = lines.of(item.get());
        let fields = object::parse(item.get());
        let fields = fields.map_err(|reason| FileError::malformed(file, line, reason))?;
        Ok(Record::new(file, line, fields))
    });
    rows.collect()
}

fn data(document: &RawValue) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    serde_json::from_str::<Wrapped<'_>>(document.get()).ok()?.data
}
