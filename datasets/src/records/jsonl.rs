//! JSON Lines.

use super::error::FileError;
use super::record::Record;
use super::{content, object};
use crate::text::without_byte_order_mark;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// Reads one object per line; empty lines are skipped.
pub(super) fn read(file: &Arc<Path>, text: &str) -> Result<Vec<Record>, FileError> {
    let mut rows = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        rows.extend(row(file, line, content)?);
    }
    Ok(rows)
}

/// As [`read`], one row after the other, until `next` breaks.
pub(super) fn each(
    file: &Arc<Path>,
    next: &mut dyn FnMut(Record) -> Result<ControlFlow<()>, FileError>,
) -> Result<(), FileError> {
    let mut reader = BufReader::with_capacity(1 << 16, content::open(file)?);
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let count = reader.read_until(b'\n', &mut bytes);
        if count.map_err(|error| content::damaged(file, line, error))? == 0 {
            break;
        }
        let bytes = if line == 1 { without_byte_order_mark(&bytes) } else { &bytes[..] };
        let text = str::from_utf8(bytes);
        let text = text.map_err(|_| FileError::NotUtf8 { path: file.to_path_buf(), line })?;
        if let Some(row) = row(file, line, text.trim_end_matches(['\n', '\r']))?
            && next(row)?.is_break()
        {
            break;
        }
    }
    Ok(())
}

/// The row of a line; `None` for an empty line.
fn row(file: &Arc<Path>, line: u64, content: &str) -> Result<Option<Record>, FileError> {
    if content.trim().is_empty() {
        return Ok(None);
    }
    let fields =
        object::parse(content).map_err(|reason| FileError::malformed(file, line, reason))?;
    Ok(Some(Record::new(file, line, fields)))
}

/// Whether each line that is not blank seems to be an object, and there are several.
pub(super) fn is_likely(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().is_some_and(|line| object::parse(line).is_ok());
    first && lines.next().is_some_and(|line| line.trim_start().starts_with('{'))
}
