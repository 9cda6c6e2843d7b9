//! Reads the files of tokenizers.

use super::error::TokenizerError;
use serde_json::{Map, Value};
use std::path::Path;
use std::{fs, io, str};

/// The text of a file; `None` if it does not exist.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, TokenizerError> {
    let Some(content) = read_bytes(path)? else { return Ok(None) };
    match str::from_utf8(&content) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(error) => Err(corrupt(path, &error)),
    }
}

/// The fields of a JSON file; `None` if it does not exist.
pub(super) fn read_object(path: &Path) -> Result<Option<Map<String, Value>>, TokenizerError> {
    let Some(text) = read_text(path)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| corrupt(path, &error))
}

/// The content of a file; `None` if it does not exist.
pub(super) fn read_bytes(path: &Path) -> Result<Option<Vec<u8>>, TokenizerError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TokenizerError::Io { path: path.to_owned(), source }),
    }
}

/// The error of an invalid file.
pub(super) fn corrupt(path: &Path, error: &impl ToString) -> TokenizerError {
    TokenizerError::Corrupt { path: path.to_owned(), reason: error.to_string() }
}
