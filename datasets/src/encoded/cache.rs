//! The folder with the files of encoded texts.

use super::error::EncodeError;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;

/// The environment variable that names the folder of caches.
pub const CACHE_VARIABLE: &str = "ZOO_CACHE";

/// The beginning of the name of a file that is not complete.
const INCOMPLETE: &str = ".part-";

/// The folder with the files of encoded texts. Files in it can be deleted at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenCache {
    /// `None` encodes into a temporary file.
    pub folder: Option<PathBuf>,
}

/// A file that is written.
pub(super) struct NewFile {
    pub(super) file: File,
    /// The file or its folder, for errors.
    pub(super) path: PathBuf,
    /// The file under a temporary name, unless it has no name at all.
    named: Option<NamedTempFile>,
}

impl TokenCache {
    /// The folder of this user: `tokens` in `$ZOO_CACHE`, or else in `burn-zoo` in the system's cache
    /// folder.
    pub fn from_env() -> Self {
        let named = std::env::var_os(CACHE_VARIABLE).filter(|value| !value.is_empty());
        let usual = || dirs::cache_dir().map(|folder| folder.join("burn-zoo"));
        let folder = named.map(PathBuf::from).or_else(usual);
        Self { folder: folder.map(|folder| folder.join("tokens")) }
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{key}.tokens")))
    }

    /// The file of a key; `None` if there is none.
    pub(super) fn open(&self, key: &str) -> Option<File> {
        File::open(self.path(key)?).ok()
    }

    /// A new file, in the folder if that can be written.
    pub(super) fn create(&self) -> Result<NewFile, EncodeError> {
        if let Some(folder) = &self.folder
            && let Ok(named) = create_in(folder)
            && let Ok(file) = named.as_file().try_clone()
        {
            return Ok(NewFile { file, path: folder.clone(), named: Some(named) });
        }
        let path = std::env::temp_dir();
        let file = tempfile::tempfile()
            .map_err(|source| EncodeError::Write { path: path.clone(), source })?;
        Ok(NewFile { file, path, named: None })
    }

    /// Gives a complete file its name; another process may have been faster, with the same content.
    pub(super) fn keep(&self, file: NewFile, key: &str) -> Result<(), EncodeError> {
        let (Some(named), Some(path)) = (file.named, self.path(key)) else { return Ok(()) };
        let error = |source| EncodeError::Write { path: path.clone(), source };
        named.as_file().sync_all().map_err(error)?;
        named.persist(&path).map(|_| ()).map_err(|failed| error(failed.error))
    }
}

fn create_in(folder: &Path) -> io::Result<NamedTempFile> {
    fs::create_dir_all(folder)?;
    remove_leftovers(folder);
    let file = tempfile::Builder::new().prefix(INCOMPLETE).tempfile_in(folder)?;
    // Shows other processes that it is written; some file systems have no locks.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Removes the incomplete files of processes that were killed.
fn remove_leftovers(folder: &Path) {
    // A new file is locked a moment after it is there.
    let is_old = |entry: &fs::DirEntry| {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > Duration::from_secs(60)))
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(INCOMPLETE)
            && is_old(&entry)
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            // A file that cannot be removed uses space but is harmless.
            let _ = fs::remove_file(entry.path());
        }
    }
}
