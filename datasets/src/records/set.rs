//! The records of several files, and the choice of their columns.

use super::error::FileError;
use super::format::Format;
use super::record::{Record, quoted};
use super::sources::{FolderFiles, find_files};
use super::{conll, content, json, jsonl, parquet, table};
use crate::nearest::nearest;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The rows of one or more files.
#[derive(Clone, Debug, PartialEq)]
pub struct Records {
    /// The rows in the order of the files; there is at least one.
    pub rows: Vec<Record>,
    /// The names of the fields of all rows, each once.
    pub columns: Vec<String>,
}

impl Records {
    /// Reads files, glob patterns such as `data/*.csv`, and folders.
    ///
    /// A file's name determines its format, see [`Format::of`]. The matches of a pattern and the
    /// files of a folder are sorted; in a folder, files of unknown formats and `.txt` are skipped.
    ///
    /// # Errors
    ///
    /// [`FileError`], which names the file, and the line if there is one.
    pub fn read(sources: &[PathBuf]) -> Result<Self, FileError> {
        let mut rows = Vec::new();
        for path in find_files(sources, FolderFiles::Data)? {
            let format =
                Format::of(&path).ok_or_else(|| FileError::UnknownFormat { path: path.clone() })?;
            rows.extend(file(&path, format)?);
        }
        Ok(Self::new(rows))
    }

    /// Reads one file in this format, whatever its extension; `.gz` and `.zst` are decompressed.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_as(path: &Path, format: Format) -> Result<Self, FileError> {
        Ok(Self::new(file(path, format)?))
    }

    fn new(rows: Vec<Record>) -> Self {
        let mut seen = HashSet::new();
        let names = rows.iter().flat_map(|row| row.fields.keys());
        let columns = names.filter(|name| seen.insert(name.as_str())).cloned().collect();
        Self { rows, columns }
    }

    /// The column for a role such as `--text-column`: the requested one, otherwise the first of the
    /// usual names that every row has, or that some row has, whatever the case of their letters.
    ///
    /// # Errors
    ///
    /// [`FileError::NoColumn`], which names the role and the columns.
    pub fn column(
        &self,
        requested: Option<&str>,
        role: &str,
        usual: &[&str],
    ) -> Result<String, FileError> {
        let error = |reason: String| FileError::NoColumn {
            files: self.files(),
            role: role.to_owned(),
            reason,
            found: quoted(self.columns.iter().map(String::as_str)),
        };
        if let Some(name) = requested {
            return match self.columns.iter().find(|column| *column == name) {
                Some(column) => Ok(column.clone()),
                None => {
                    let near = nearest(name, self.columns.iter().map(String::as_str));
                    let hint = near.map(|near| format!(" (did you mean {near:?}?)"));
                    Err(error(format!("there is no column {name:?}{}", hint.unwrap_or_default())))
                }
            };
        }
        let candidates: Vec<&String> = usual
            .iter()
            .flat_map(|name| self.columns.iter().filter(|it| it.eq_ignore_ascii_case(name)))
            .collect();
        let in_every_row =
            |name: &&&String| self.rows.iter().all(|row| row.fields.contains_key(**name));
        let chosen = candidates.iter().find(in_every_row).or(candidates.first());
        chosen.map(|name| (*name).clone()).ok_or_else(|| {
            error(format!("no column has the name {}", quoted(usual.iter().copied())))
        })
    }

    /// The first file, and the number of the others.
    fn files(&self) -> String {
        let mut files: Vec<&Path> = self.rows.iter().map(|row| &*row.file).collect();
        files.dedup();
        let first = files.first().map(|file| file.display().to_string()).unwrap_or_default();
        match files.len() {
            0 | 1 => first,
            2 => format!("{first} and another file"),
            count => format!("{first} and {} other files", count - 1),
        }
    }
}

/// The rows of one file, at least one.
fn file(path: &Path, format: Format) -> Result<Vec<Record>, FileError> {
    let file: Arc<Path> = path.into();
    let rows = match format {
        Format::Jsonl => jsonl::read(&file, &content::text(path)?)?,
        Format::Json => json::read(&file, &content::text(path)?)?,
        Format::Csv => table::read(&file, &content::text(path)?, b',')?,
        Format::Tsv => table::read(&file, &content::text(path)?, b'\t')?,
        Format::Conll => conll::read(&file, &content::text(path)?, conll::Columns::FirstAndLast)?,
        Format::Conllu => conll::read(&file, &content::text(path)?, conll::Columns::Universal)?,
        Format::Parquet => parquet::read(&file, content::bytes(path)?)?,
    };
    match rows.is_empty() {
        true => Err(FileError::Empty { path: path.into() }),
        false => Ok(rows),
    }
}
