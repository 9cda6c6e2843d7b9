//! JSON Lines.

use super::error::FileError;
use super::object;
use super::record::Record;
use std::path::Path;
use std::sync::Arc;

/// Reads one object per line; empty lines are skipped.
pub(super) fn read(file: &Arc<Path>, text: &str) -> Result<Vec<Record>, FileError> {
    let mut rows = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        if content.trim().is_empty() {
            continue;
        }
        let fields =
            object::parse(content).map_err(|reason| FileError::malformed(file, line, reason))?;
        rows.push(Record::new(file, line, fields));
    }
    Ok(rows)
}

/// Whether each line that is not blank seems to be an object, and there are several.
pub(super) fn is_likely(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().is_some_and(|line| object::parse(line).is_ok());
    first && lines.next().is_some_and(|line| line.trim_start().starts_with('{'))
}
