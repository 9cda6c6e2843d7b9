//! The directory of a run: a model in Hugging Face's layout, and the state to resume training.
//!
//! ```text
//! config.json, model.safetensors, tokenizer.json …   the newest checkpoint's model
//! metrics.jsonl                                       one line per step and validation
//! recipe.toml                                         all settings that made the run
//! checkpoints/step-250/                               models of the last checkpoints, on request
//! tensorboard/                                        event files, on request
//! training/settings.json                              how the run began
//! training/lock                                       locked by the process that trains
//! training/step-00000250/                             model.safetensors, config.json,
//!                                                     optimizer.safetensors, state.json
//! ```
//!
//! A checkpoint is written under a temporary name and renamed when it is complete on disk. Even if
//! the process is killed, `training/` contains at least the last complete checkpoint.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use zoo_models::checkpoint::{LoadError, SaveError, sync_dir, write_json};

use crate::error::TrainError;
use crate::settings::TrainSettings;

pub(crate) const TRAINING: &str = "training";
/// The folder of the models of the last checkpoints.
pub(crate) const CHECKPOINTS: &str = "checkpoints";
const SETTINGS_FILE: &str = "settings.json";
const LOCK_FILE: &str = "lock";
/// The name of the metrics file.
pub const METRICS_FILE: &str = "metrics.jsonl";
/// The name of the file with all settings that made a run.
pub const RECIPE_FILE: &str = "recipe.toml";

/// The directory of a run. It has one writer: while it is open, other processes cannot open it.
#[derive(Debug, Clone)]
pub struct RunDir {
    path: PathBuf,
    /// Locked until it is closed, also when the process is killed.
    _lock: Arc<File>,
}

impl RunDir {
    /// Creates the directory of a new run with its settings and the files that `fill` adds. The
    /// creation is atomic: the directory is complete or does not exist.
    ///
    /// # Errors
    ///
    /// The directory already exists or cannot be written.
    pub fn create(
        path: &Path,
        settings: &TrainSettings,
        fill: impl FnOnce(&Path) -> Result<(), TrainError>,
    ) -> Result<Self, TrainError> {
        if path.exists() {
            return Err(TrainError::Exists(path.to_path_buf()));
        }
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(|source| write_error(parent, source))?;
        let temporary = tempfile::Builder::new()
            .prefix(".tmp-run-")
            .tempdir_in(parent)
            .map_err(|source| write_error(path, source))?;
        let training = temporary.path().join(TRAINING);
        fs::create_dir(&training).map_err(|source| write_error(&training, source))?;
        write_json(&training.join(SETTINGS_FILE), settings)?;
        // The lock is that of the open file, whatever its folder is called.
        let lock = lock(&training, path)?;
        fill(temporary.path())?;
        make_visible(temporary.path()).map_err(|source| write_error(path, source))?;
        let made = temporary.keep();
        fs::rename(&made, path).map_err(|source| write_error(path, source))?;
        sync_dir(parent).map_err(|source| write_error(parent, source))?;
        Ok(Self { path: path.to_path_buf(), _lock: lock })
    }

    /// Opens the directory of a run to resume.
    ///
    /// # Errors
    ///
    /// The directory does not exist, `zoo train` did not create it, or another process trains in
    /// it.
    pub fn open(path: &Path) -> Result<Self, TrainError> {
        let not_a_run =
            |reason: &str| TrainError::NotARun { path: path.into(), reason: reason.into() };
        if !path.is_dir() {
            return Err(not_a_run("no such run directory; start one without --resume"));
        }
        if !path.join(TRAINING).join(SETTINGS_FILE).exists() {
            return Err(not_a_run(
                "no training/settings.json in it; to train a model further, use --init-from",
            ));
        }
        let lock = lock(&path.join(TRAINING), path)?;
        let run = Self { path: path.to_path_buf(), _lock: lock };
        run.remove_leftovers();
        Ok(run)
    }

    /// Reads the settings of the run.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn settings(&self) -> Result<TrainSettings, TrainError> {
        read_json(&self.path.join(TRAINING).join(SETTINGS_FILE))
    }

    /// Keeps settings that were changed: where the data are now, and the number of steps.
    ///
    /// # Errors
    ///
    /// The settings cannot be written.
    pub fn keep_settings(&self, settings: &TrainSettings) -> Result<(), TrainError> {
        Ok(write_json(&self.path.join(TRAINING).join(SETTINGS_FILE), settings)?)
    }

    /// Removes the incomplete files of a process that was killed during a save.
    fn remove_leftovers(&self) {
        for folder in [self.path.clone(), self.path.join(TRAINING), self.path.join(CHECKPOINTS)] {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.file_name().to_string_lossy().starts_with(".tmp-") {
                    // Files that cannot be removed use space but are harmless.
                    let _ =
                        fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
                }
            }
        }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The metrics file.
    pub fn metrics(&self) -> PathBuf {
        self.path.join(METRICS_FILE)
    }
}

/// Locks the run in `path`, whose state is in the folder `training`.
fn lock(training: &Path, path: &Path) -> Result<Arc<File>, TrainError> {
    let at = training.join(LOCK_FILE);
    let file = File::options().create(true).truncate(false).write(true).open(&at);
    let file = file.map_err(|source| write_error(&at, source))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(TrainError::InUse(path.to_path_buf())),
        // Some network file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Arc::new(file)),
    }
}

fn write_error(path: &Path, source: io::Error) -> TrainError {
    SaveError::Write { path: path.to_path_buf(), source }.into()
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, TrainError> {
    let text = fs::read_to_string(path)
        .map_err(|source| LoadError::Read { path: path.to_path_buf(), source })?;
    serde_json::from_str(&text).map_err(|error| {
        let reason = error.to_string();
        LoadError::Corrupt { path: path.to_path_buf(), reason }.into()
    })
}

/// Temporary directories are private to their owner; run directories are not.
#[cfg(unix)]
pub(crate) fn make_visible(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
pub(crate) fn make_visible(_folder: &Path) -> io::Result<()> {
    Ok(())
}
