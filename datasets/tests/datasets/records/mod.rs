//! Labeled data in files of every format, and in files with errors.

mod errors;
mod formats;
mod tables;
mod values;

use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zoo_datasets::records::{FileError, Records};

/// A folder of files.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }
}

/// Reads a file of this name and content.
fn read(name: &str, content: impl AsRef<[u8]>) -> Result<Records, FileError> {
    let files = Files::new();
    Records::read(&[files.write(name, content)])
}

/// Reads a file and returns the values of all rows as JSON.
fn rows(name: &str, content: impl AsRef<[u8]>) -> serde_json::Value {
    let records = read(name, content).unwrap();
    records.rows.into_iter().map(|row| serde_json::Value::from(row.fields)).collect()
}

/// The message of the error, which names the file.
fn message(name: &str, content: impl AsRef<[u8]>) -> String {
    let message = read(name, content).unwrap_err().to_string();
    assert!(message.contains(name), "{message}");
    message
}

fn lines(records: &Records) -> Vec<u64> {
    records.rows.iter().map(|row| row.line).collect()
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/records").join(name)
}
