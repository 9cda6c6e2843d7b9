//! The files with texts, and the texts of each.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::blocks::{self, DocumentBlock};
use super::error::DocumentError;
use crate::labeled::Columns;
use crate::records::{FileError, FolderFiles, Format, Records, find_files};

/// Files with texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentFiles {
    /// The files, in the order of their sources.
    pub files: Vec<PathBuf>,
    columns: Columns,
}

impl DocumentFiles {
    /// Finds files, the matches of glob patterns such as `data/*.txt`, and the files of folders.
    ///
    /// JSON Lines, JSON, CSV, TSV and Parquet have one document per row, in the column
    /// `text_column`, or else the first with a usual name such as `text`; rows without a text are
    /// skipped. Every other file is one document. Names that end with `.gz` or `.zst` are
    /// decompressed.
    ///
    /// # Errors
    ///
    /// [`FileError`]: no source, or one that names no file.
    pub fn find(sources: &[PathBuf], text_column: Option<&str>) -> Result<Self, FileError> {
        let files = find_files(sources, FolderFiles::Texts)?;
        let columns = Columns { text: text_column.map(str::to_owned), ..Columns::default() };
        Ok(Self { files, columns })
    }

    /// The size of all files as they are stored, in bytes.
    pub fn bytes(&self) -> u64 {
        let size = |path: &PathBuf| path.metadata().map_or(0, |metadata| metadata.len());
        self.files.iter().map(size).sum()
    }

    /// Whether a file has one document per row.
    pub fn is_table(path: &Path) -> bool {
        use Format::{Csv, Json, Jsonl, Parquet, Tsv};
        matches!(Format::of(path), Some(Json | Jsonl | Csv | Tsv | Parquet))
    }

    /// Reads the texts of a file. A text file of any size is read in blocks of a few megabytes, a
    /// table as a whole.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with the file and the line or offset; the error of `receive`.
    pub fn read<E: From<DocumentError>>(
        &self,
        file: &Path,
        receive: &mut dyn FnMut(DocumentBlock<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match Self::is_table(file) {
            true => self.read_table(file, receive),
            false => blocks::read(file, receive),
        }
    }

    fn read_table<E: From<DocumentError>>(
        &self,
        file: &Path,
        receive: &mut dyn FnMut(DocumentBlock<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let in_context = |error: FileError| DocumentError::from(error);
        let records = Records::read(&[file.to_path_buf()]).map_err(in_context)?;
        let column = self.columns.text(&records).map_err(in_context)?;
        let (size, rows) = (file.metadata().map_or(0, |it| it.len()), records.rows.len());
        for (index, record) in records.rows.iter().enumerate() {
            let text = match record.fields.get(&column) {
                None | Some(Value::Null) => continue,
                Some(Value::String(text)) => text.clone(),
                Some(_) => record.text(&column).map_err(in_context)?,
            };
            if !text.is_empty() {
                let read = (size as f64 * (index + 1) as f64 / rows as f64) as u64;
                receive(DocumentBlock { text: &text, read })?;
            }
        }
        Ok(())
    }
}
