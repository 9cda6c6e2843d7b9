//! Choices of the task of a user's file.

use crate::records::Format;
use serde::{Deserialize, Serialize};

/// The format of the file.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FileFormat {
    Jsonl,
    Csv,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Jsonl => Self::Jsonl,
            FileFormat::Csv => Self::Csv,
        }
    }
}

/// Whether a task's words are only read, or also written.
#[derive(Clone, Copy)]
pub(super) enum Words {
    Read,
    Written,
}
