//! The user's files of running text.

use super::documents::{Documents, Pieces, TextPiece};
use super::error::TextError;
use super::plain;
use crate::records::{FolderFiles, Format, column_texts, find_files};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Files of running text, and how they are split into documents.
///
/// JSON Lines, JSON, tables and Parquet have a document in each row; any other file is plain text. All
/// are decompressed if their name ends with `.gz` or `.zst`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextFiles {
    /// Files, patterns such as `texts/*.txt`, and folders.
    pub files: Vec<PathBuf>,
    /// The documents of plain text.
    #[serde(default)]
    pub documents: Documents,
    /// The column of the text; `None` means the first with a usual name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Which files have rows.
    #[serde(default)]
    pub format: TextFormat,
}

/// Which files of running text have rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextFormat {
    /// The name of a file decides.
    #[default]
    ByName,
    /// None: all are plain text.
    Plain,
}

impl TextFiles {
    /// Files, patterns and folders, where each plain text is one document.
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self { files, documents: Documents::File, column: None, format: TextFormat::ByName }
    }

    /// The files that patterns and folders name.
    ///
    /// # Errors
    ///
    /// A pattern or a folder without files.
    pub fn paths(&self) -> Result<Vec<PathBuf>, TextError> {
        Ok(find_files(&self.files, FolderFiles::Texts)?)
    }

    /// Reads the documents of all files in pieces, until `next` breaks.
    pub(super) fn read(&self, next: &mut Pieces<'_>) -> Result<(), TextError> {
        for path in self.paths()? {
            if self.read_file(&path, next)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn read_file(&self, path: &Path, next: &mut Pieces<'_>) -> Result<ControlFlow<()>, TextError> {
        let format = Format::of(path).filter(|format| format.has_columns());
        let Some(format) = format.filter(|_| self.format == TextFormat::ByName) else {
            return plain::read(path, self.documents, next);
        };
        let (mut found, mut flow) = (0_usize, ControlFlow::Continue(()));
        column_texts(path, format, self.column.as_deref(), &mut |text| {
            found += 1;
            flow = next(TextPiece::whole(text));
            flow
        })?;
        match found {
            0 => Err(TextError::Empty { path: path.into() }),
            _ => Ok(flow),
        }
    }
}
