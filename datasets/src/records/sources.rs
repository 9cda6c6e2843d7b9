//! The files that paths, glob patterns and folders name.

use super::error::FileError;
use super::format::Format;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The files of a folder that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FolderFiles {
    /// Files of known formats. Text files there are usually not data.
    Data,
    /// The same and text files.
    Texts,
}

/// The files of all sources, in their order.
pub(crate) fn find_files(
    sources: &[PathBuf],
    of_folder: FolderFiles,
) -> Result<Vec<PathBuf>, FileError> {
    if sources.is_empty() {
        return Err(FileError::NoSource);
    }
    let mut files = Vec::new();
    for source in sources {
        let text = source.to_string_lossy();
        if source.is_dir() {
            files.extend(folder(source, of_folder)?);
        } else if !source.exists() && text.contains(['*', '?', '[']) {
            files.extend(matches(&text)?);
        } else {
            files.push(source.clone());
        }
    }
    Ok(files)
}

/// The files directly in a folder, by name.
fn folder(path: &Path, of_folder: FolderFiles) -> Result<Vec<PathBuf>, FileError> {
    let unreadable = |source: io::Error| FileError::Unreadable { path: path.into(), source };
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let paths = entries.map_err(unreadable)?.into_iter().map(|entry| entry.path());
    let is_text = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        [".txt", ".txt.gz", ".txt.zst"].iter().any(|end| name.ends_with(end))
    };
    let mut files: Vec<PathBuf> = paths
        .filter(|path| Format::of(path).is_some() && path.is_file())
        .filter(|path| of_folder == FolderFiles::Texts || !is_text(path))
        .collect();
    files.sort();
    match files.is_empty() {
        true => Err(FileError::NoDataFile { path: path.into() }),
        false => Ok(files),
    }
}

/// The files that match a pattern, by name.
fn matches(pattern: &str) -> Result<Vec<PathBuf>, FileError> {
    let paths = glob::glob(pattern).map_err(|error| FileError::Pattern {
        pattern: pattern.to_owned(),
        reason: error.to_string(),
    })?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| FileError::Unreadable {
            path: error.path().into(),
            source: error.into(),
        })?;
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    match files.is_empty() {
        true => Err(FileError::NoMatch { pattern: pattern.to_owned() }),
        false => Ok(files),
    }
}
