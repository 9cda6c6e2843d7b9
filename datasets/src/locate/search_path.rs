//! The folders of data files, and what is tried where a file is in none of them.

use super::data_file::DataFile;
use super::fetch::{self, DownloadError};
use crate::hash::hex;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The environment variable that names the folder with the user's data sets.
pub const DATA_VARIABLE: &str = "ZOO_DATA";

/// The folders searched for data files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPath {
    /// The user's folder of data sets, which is never written to.
    pub data: Option<PathBuf>,
    /// The download folder.
    pub cache: Option<PathBuf>,
}

/// Why a data file is unavailable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocateError {
    /// The file exists, but differs from the published one.
    #[error(
        "{path} is not the published file: its SHA-256 is {found} ({found_bytes} bytes), but \
         {expected} ({expected_bytes} bytes) was expected; delete or replace it, or use a text \
         of your own with --text-file FILE"
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// Published SHA-256.
        expected: &'static str,
        /// Published size.
        expected_bytes: u64,
        /// SHA-256 of the file.
        found: String,
        /// Size of the file.
        found_bytes: u64,
    },
    /// The file exists, but cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
    /// The file is in none of the folders and could not be downloaded.
    #[error(
        "{file} was not found; tried {}. Put it at FOLDER/{file} and set {DATA_VARIABLE} to that \
         FOLDER, or use a text of your own with --text-file FILE",
        tried.join("; ")
    )]
    NotFound {
        /// Path of the file below the data folder.
        file: &'static str,
        /// Each folder and URL tried, with its outcome.
        tried: Vec<String>,
    },
}

impl SearchPath {
    /// The folders of this user: `$ZOO_DATA`, and `burn-zoo` in the system's cache folder.
    ///
    /// The only function of this crate that reads the environment.
    pub fn from_env() -> Self {
        let data = env::var_os(DATA_VARIABLE).filter(|value| !value.is_empty());
        Self {
            data: data.map(PathBuf::from),
            cache: dirs::cache_dir().map(|folder| folder.join("burn-zoo").join("data")),
        }
    }

    /// The content of `file`: from the data folder, else the cache, else downloaded to the cache.
    ///
    /// # Errors
    ///
    /// [`LocateError`], which names every folder and URL that was tried.
    pub fn read(&self, file: &DataFile) -> Result<Vec<u8>, LocateError> {
        let mut tried = Vec::new();
        for (what, folder) in [(DATA_VARIABLE, &self.data), ("the cache", &self.cache)] {
            let Some(folder) = folder else {
                tried.push(format!("{what} (not set)"));
                continue;
            };
            let path = folder.join(file.path);
            match fs::read(&path) {
                Ok(content) => return verified(content, file, path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    tried.push(format!("{what}: {} (no such file)", path.display()));
                }
                Err(source) => return Err(LocateError::Unreadable { path, source }),
            }
        }
        let path = self.cache.as_ref().map(|cache| cache.join(file.path));
        match path.filter(|path| download_any(file, path, &mut tried)) {
            Some(path) => match fs::read(&path) {
                Ok(content) => verified(content, file, path),
                Err(source) => Err(LocateError::Unreadable { path, source }),
            },
            None => Err(LocateError::NotFound { file: file.path, tried }),
        }
    }
}

/// Downloads from the first URL that works; adds those that fail to `tried`.
fn download_any(file: &DataFile, path: &Path, tried: &mut Vec<String>) -> bool {
    file.urls.iter().any(|url| {
        let failed = |error: DownloadError| tried.push(format!("{url} ({error})"));
        fetch::download(file, url, path).map_err(failed).is_ok()
    })
}

fn verified(content: Vec<u8>, file: &DataFile, path: PathBuf) -> Result<Vec<u8>, LocateError> {
    let found = hex(&Sha256::digest(&content));
    if found == file.sha256 {
        return Ok(content);
    }
    Err(LocateError::Changed {
        path,
        expected: file.sha256,
        expected_bytes: file.bytes,
        found,
        found_bytes: content.len() as u64,
    })
}
