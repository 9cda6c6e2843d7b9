//! The cache, in the folder layout of `huggingface_hub`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use hf_hub::{Cache, CacheRepo, Repo, RepoType};

use crate::checkpoint::hub::id::is_hex;
use crate::checkpoint::hub::{HubError, ModelId};

/// The cache of one model: `blobs`, files by checksum; `snapshots`, links to blobs by commit and
/// name; `refs`, the commits of branches and tags.
pub(super) struct ModelCache {
    root: PathBuf,
    folder: PathBuf,
    repo: CacheRepo,
}

impl ModelCache {
    pub(super) fn new(root: &Path, id: &ModelId) -> Self {
        let repo = repo(id);
        let folder = root.join(repo.folder_name());
        let cache = Cache::new(root.to_path_buf());
        Self { root: root.to_path_buf(), folder, repo: cache.repo(repo) }
    }

    /// The folder of a commit.
    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.repo.pointer_path(commit)
    }

    /// The path of a blob.
    pub(super) fn blob(&self, name: &str) -> PathBuf {
        self.repo.blob_path(name)
    }

    /// The commit that a revision last resolved to.
    pub(super) fn named(&self, id: &ModelId) -> Option<String> {
        if let Some(commit) = id.commit() {
            return Some(commit.to_string());
        }
        let text = fs::read_to_string(self.folder.join("refs").join(id.revision())).ok()?;
        Some(text.trim().to_string()).filter(|commit| is_hex(commit, 40))
    }

    /// Records the commit that a revision resolves to.
    pub(super) fn name(&self, id: &ModelId, commit: &str) -> Result<(), HubError> {
        if id.revision() == commit {
            return Ok(());
        }
        self.repo.create_ref(commit).map_err(failed(&self.folder.join("refs")))
    }

    /// Locks a blob: no other process downloads it until the returned file is dropped.
    pub(super) fn lock(&self, blob: &str) -> Result<File, HubError> {
        let name = self.folder.file_name().unwrap_or_default();
        let path = self.root.join(".locks").join(name).join(format!("{blob}.lock"));
        make_folder(&path)?;
        let lock = File::create(&path).map_err(failed(&path))?;
        lock.lock().map_err(failed(&path))?;
        Ok(lock)
    }

    /// Links a blob under its file name in a commit's snapshot.
    pub(super) fn link(&self, commit: &str, name: &str, blob: &Path) -> Result<(), HubError> {
        let path = self.snapshot(commit).join(name);
        if fs::canonicalize(&path).ok() == fs::canonicalize(blob).ok() {
            return Ok(());
        }
        make_folder(&path)?;
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(failed(&path)(source));
            }
            _ => {}
        }
        // A relative link, so that the whole cache can be moved.
        let up = "../".repeat(name.split('/').count() + 1);
        let way = Path::new(&up).join("blobs").join(blob.file_name().unwrap_or_default());
        symlink(&way, blob, &path).map_err(failed(&path))
    }

    /// Records that a commit has no such file, so that it is not requested again.
    pub(super) fn mark_absent(&self, commit: &str, name: &str) -> Result<(), HubError> {
        let path = self.absent(commit, name);
        make_folder(&path)?;
        File::create(&path).map(drop).map_err(failed(&path))
    }

    /// Whether a commit is known to have no such file.
    pub(super) fn is_absent(&self, commit: &str, name: &str) -> bool {
        self.absent(commit, name).exists()
    }

    fn absent(&self, commit: &str, name: &str) -> PathBuf {
        self.folder.join(".no_exist").join(commit).join(name)
    }
}

/// The model as a repository of the `hf_hub` crate.
pub(super) fn repo(id: &ModelId) -> Repo {
    Repo::with_revision(id.name().to_string(), RepoType::Model, id.revision().to_string())
}

/// Converts an I/O error at a path to a [`HubError::Write`].
pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> HubError {
    let path = path.to_path_buf();
    move |source| HubError::Write { path: path.clone(), source }
}

/// Creates the parent folder of a file.
pub(super) fn make_folder(path: &Path) -> Result<(), HubError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(failed(folder))
}

#[cfg(unix)]
fn symlink(way: &Path, _blob: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(way, path)
}

/// Symbolic links need a privilege on Windows; a hard link or a copy works as well.
#[cfg(not(unix))]
fn symlink(_way: &Path, blob: &Path, path: &Path) -> io::Result<()> {
    fs::hard_link(blob, path).or_else(|_| fs::copy(blob, path).map(drop))
}
