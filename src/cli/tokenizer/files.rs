//! The files of `zoo tokenizer train` and `zoo tokenizer count`, and the progress of reading them.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::super::{Global, usage};
use crate::datasets::documents::{DocumentError, DocumentFiles};

/// Files with texts.
#[derive(Args)]
pub(super) struct FileArgs {
    /// Files, patterns and folders: UTF-8 text, or JSON Lines, JSON, CSV, TSV and Parquet with a
    /// text in each row; also with .gz or .zst
    #[arg(value_name = "FILES", required = true)]
    files: Vec<PathBuf>,
    /// The column of the texts in tables [default: text, or another usual name]
    #[arg(long, value_name = "NAME")]
    text_column: Option<String>,
}

/// The texts of files.
pub(super) struct Reading {
    pub(super) documents: DocumentFiles,
    pub(super) bar: ProgressBar,
    /// The size of the files that were read.
    done: u64,
}

/// An error of reading, or of what is done with the texts.
pub(super) enum ReadError {
    Document(DocumentError),
    Other(anyhow::Error),
}

impl From<DocumentError> for ReadError {
    fn from(error: DocumentError) -> Self {
        Self::Document(error)
    }
}

impl FileArgs {
    /// Finds the files.
    pub(super) fn open(&self, global: &Global) -> Result<Reading> {
        let documents =
            DocumentFiles::find(&self.files, self.text_column.as_deref()).map_err(usage)?;
        if self.text_column.is_some()
            && !documents.files.iter().any(|file| DocumentFiles::is_table(file))
        {
            return Err(usage("--text-column is for tables, and all files are running text"));
        }
        let bar = global.bar(documents.bytes(), "");
        let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {msg}, {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Ok(Reading { documents, bar, done: 0 })
    }
}

impl Reading {
    /// Reads the texts of a file.
    pub(super) fn read(
        &mut self,
        file: &Path,
        receive: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        let Self { documents, bar, done } = self;
        bar.set_message(file.file_name().unwrap_or_default().to_string_lossy().into_owned());
        let read = documents.read(file, &mut |block| {
            bar.set_position(*done + block.read);
            receive(block.text).map_err(ReadError::Other)
        });
        *done += file.metadata().map_or(0, |metadata| metadata.len());
        read.map_err(|error| match error {
            ReadError::Document(error) => usage(error),
            ReadError::Other(error) => error,
        })
    }
}
