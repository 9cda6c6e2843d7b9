//! Tables: CSV and TSV in any dialect.

use super::dialect::{Dialect, is_blank};
use super::error::FileError;
use super::lines::Lines;
use super::record::Record;
use std::collections::HashSet;
use std::iter;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// Reads the names of the columns from the first line, then one row per record.
///
/// The separator is the `usual` one unless another fits the content better, or a first line
/// `sep=;` names it, as Excel writes it.
pub(super) fn read(file: &Arc<Path>, text: &str, usual: u8) -> Result<Vec<Record>, FileError> {
    let mut rows = Vec::new();
    each(file, text, usual, &mut |row| {
        rows.push(row);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

/// As [`read`], one row after the other, until `next` breaks.
pub(super) fn each(
    file: &Arc<Path>,
    text: &str,
    usual: u8,
    next: &mut dyn FnMut(Record) -> Result<ControlFlow<()>, FileError>,
) -> Result<(), FileError> {
    let named = separator_line(text);
    let (skipped, text) = named.as_ref().map_or((0, text), |named| (1, named.rest));
    let dialect = match named {
        Some(named) => Dialect::detect_among(text, iter::once(named.separator)),
        None => Dialect::detect(text, usual),
    };
    let mut reader = dialect.reader(text);
    let mut lines = Lines::new(text);
    let mut records = reader.records().map(|record| {
        let position = |position: Option<&csv::Position>| position.map_or(0, csv::Position::byte);
        match record {
            Ok(record) => {
                let offset = position(record.position()) as usize;
                Ok((skipped + lines.of_content_at(offset), record))
            }
            Err(error) => {
                let line = skipped + lines.at(position(error.position()) as usize);
                Err(FileError::malformed(file, line, format!("not a table: {error}")))
            }
        }
    });
    let Some(header) = records.next() else { return Ok(()) };
    let (_, header) = header?;
    let names: Vec<&str> = header.iter().map(str::trim).collect();
    let mut seen = HashSet::new();
    let repeated = names.iter().filter(|name| !seen.insert(**name));
    let repeated: Arc<[String]> = repeated.map(|name| (*name).to_owned()).collect();
    for record in records {
        let (line, record) = record?;
        if is_blank(&record) && names.len() > 1 {
            continue;
        }
        if record.len() != names.len() {
            let reason = ragged(record.len(), names.len(), dialect);
            return Err(FileError::malformed(file, line, reason));
        }
        let field = |(name, value): (&&str, &str)| ((*name).to_owned(), value.into());
        let fields = names.iter().zip(&record).map(field).collect();
        if next(Record::new(file, line, fields).with_repeated(&repeated))?.is_break() {
            break;
        }
    }
    Ok(())
}

fn ragged(found: usize, expected: usize, dialect: Dialect) -> String {
    let separator = match dialect.separator {
        b'\t' => "a tab".to_owned(),
        other => format!("'{}'", char::from(other)),
    };
    let fields = if found == 1 { "field" } else { "fields" };
    format!(
        "{found} {fields} separated by {separator}, but the header has {expected}; complete the \
         row, and put fields with {separator} in quotes"
    )
}

/// The line `sep=;` in front of a table.
struct SeparatorLine<'a> {
    separator: u8,
    rest: &'a str,
}

fn separator_line(text: &str) -> Option<SeparatorLine<'_>> {
    let (line, rest) = text.split_once('\n')?;
    match line.trim_end_matches('\r').strip_prefix("sep=")?.as_bytes() {
        [separator] => Some(SeparatorLine { separator: *separator, rest }),
        _ => None,
    }
}
