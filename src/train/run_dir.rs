//! A run's directory: a model in Hugging Face's layout, and what it takes to go on training.
//!
//! ```text
//! config.json, model.safetensors, tokenizer.json …   the newest checkpoint's model
//! metrics.jsonl                                       one line per step and validation
//! training/settings.json                              how the run began
//! training/step-00000250/                             model.safetensors, config.json,
//!                                                     optimizer.safetensors, state.json
//! ```
//!
//! A checkpoint is written under a temporary name and renamed when all of it is on the disk. Whatever
//! kills the program, `training/` holds at least the last whole checkpoint.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::adamw::{AdamW, AdamWConfig};
use super::error::TrainError;
use super::settings::Settings;
use crate::models::families::Family;
use crate::models::heads::CausalLm;
use crate::models::pretrained::{
    self, CONFIG_FILE, LoadError, SaveError, WEIGHTS_FILE, read_safetensors, sync_dir, write_json,
    write_safetensors,
};

const TRAINING: &str = "training";
const SETTINGS_FILE: &str = "settings.json";
const STATE_FILE: &str = "state.json";
const OPTIMIZER_FILE: &str = "optimizer.safetensors";
/// The metrics' file name.
pub const METRICS_FILE: &str = "metrics.jsonl";

/// A run's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

/// Where a checkpoint stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Steps taken.
    pub step: usize,
    /// Tokens trained on.
    pub tokens: u64,
    /// Seconds of training, validation and saving left out.
    pub train_seconds: f64,
    /// The last validation loss, in nats per token.
    pub valid_loss: Option<f64>,
    /// The lowest validation loss so far, and its step.
    pub best: Option<(f64, usize)>,
}

/// What a checkpoint restores.
#[derive(Debug)]
pub struct Restored {
    /// Where it stands.
    pub state: State,
    /// The model.
    pub model: CausalLm,
    /// The optimizer with its moments.
    pub optimizer: AdamW,
}

/// A model on its way into a checkpoint.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    /// The family and the `config.json`.
    pub described: (&'a Family, &'a Value),
    /// The model.
    pub model: &'a CausalLm,
    /// The optimizer with its moments.
    pub optimizer: &'a AdamW,
    /// Where it stands.
    pub state: &'a State,
}

impl RunDir {
    /// Makes the directory of a new run with its settings and whatever `fill` puts into it, all at
    /// once: it is whole or not there.
    ///
    /// # Errors
    ///
    /// It exists already; it cannot be written.
    pub fn create(
        path: &Path,
        settings: &Settings,
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
        fill(temporary.path())?;
        make_visible(temporary.path()).map_err(|source| write_error(path, source))?;
        let made = temporary.keep();
        fs::rename(&made, path).map_err(|source| write_error(path, source))?;
        sync_dir(parent).map_err(|source| write_error(parent, source))?;
        Ok(Self { path: path.to_path_buf() })
    }

    /// Opens the directory of a run to resume, and reads its settings.
    ///
    /// # Errors
    ///
    /// No such directory, or one that `zoo train` did not make.
    pub fn open(path: &Path) -> Result<(Self, Settings), TrainError> {
        let not_a_run =
            |reason: &str| TrainError::NotARun { path: path.into(), reason: reason.into() };
        if !path.is_dir() {
            return Err(not_a_run("no such run directory; start one without --resume"));
        }
        let settings = path.join(TRAINING).join(SETTINGS_FILE);
        if !settings.exists() {
            return Err(not_a_run(
                "no training/settings.json in it; to train a model further, use --from",
            ));
        }
        Ok((Self { path: path.to_path_buf() }, read_json(&settings)?))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The metrics file.
    pub fn metrics(&self) -> PathBuf {
        self.path.join(METRICS_FILE)
    }

    /// The newest whole checkpoint's folder; `None` before the first.
    pub fn newest(&self) -> Option<PathBuf> {
        self.checkpoints().pop()
    }

    /// Restores the newest whole checkpoint; `None` before the first.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn restore(
        &self,
        config: AdamWConfig,
        device: &Device,
    ) -> Result<Option<Restored>, TrainError> {
        let Some(folder) = self.newest() else {
            return Ok(None);
        };
        let state: State = read_json(&folder.join(STATE_FILE))?;
        let pretrained = pretrained::load(&folder, device)?;
        let model = pretrained.into_causal_lm().map_err(|source| {
            TrainError::Load(LoadError::Config { path: folder.join(CONFIG_FILE), source })
        })?;
        let path = folder.join(OPTIMIZER_FILE);
        let moments = read_safetensors(&path)?;
        let optimizer = AdamW::resume(config, state.step, moments, device).ok_or_else(|| {
            let reason = "moments without their counterparts".to_string();
            TrainError::Load(LoadError::Corrupt { path, reason })
        })?;
        Ok(Some(Restored { state, model, optimizer }))
    }

    /// Writes a checkpoint, makes its model the directory's, and removes older checkpoints.
    ///
    /// # Errors
    ///
    /// Names the file that could not be written; the checkpoint before is as it was.
    pub fn checkpoint(&self, snapshot: Snapshot<'_>) -> Result<(), SaveError> {
        let older = self.checkpoints();
        let training = self.path.join(TRAINING);
        let name = format!("step-{:08}", snapshot.state.step);
        let folder = training.join(&name);
        // A folder that is dropped before it got its name removes itself.
        let temporary = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempdir_in(&training)
            .map_err(|source| SaveError::Write { path: folder.clone(), source })?;
        let write = |at: &Path| -> Result<(), SaveError> {
            pretrained::save(at, snapshot.model, snapshot.described, usize::MAX)?;
            write_safetensors(&at.join(OPTIMIZER_FILE), &snapshot.optimizer.state())?;
            write_json(&at.join(STATE_FILE), snapshot.state)
        };
        // Errors name the place that the user knows, not the temporary one.
        write(temporary.path()).map_err(|error| renamed(error, temporary.path(), &folder))?;
        let in_context = |source| SaveError::Write { path: folder.clone(), source };
        make_visible(temporary.path()).map_err(in_context)?;
        if folder.exists() {
            // The same step saved again, after a resume: the bytes are the same.
            fs::remove_dir_all(&folder).map_err(in_context)?;
        }
        fs::rename(temporary.keep(), &folder).map_err(in_context)?;
        sync_dir(&training).map_err(in_context)?;
        self.publish(&folder)?;
        for old in older.into_iter().filter(|old| *old != folder) {
            fs::remove_dir_all(&old).map_err(|source| SaveError::Write { path: old, source })?;
        }
        Ok(())
    }

    /// Makes the newest checkpoint's model the directory's, which a killed program may not have done.
    ///
    /// # Errors
    ///
    /// Names the file that could not be written.
    pub fn publish_newest(&self) -> Result<(), SaveError> {
        self.newest().map_or(Ok(()), |folder| self.publish(&folder))
    }

    fn publish(&self, folder: &Path) -> Result<(), SaveError> {
        let from = folder.join(WEIGHTS_FILE);
        let to = self.path.join(WEIGHTS_FILE);
        let temporary = self.path.join(format!(".tmp-{WEIGHTS_FILE}"));
        let link = || -> io::Result<()> {
            let _ = fs::remove_file(&temporary);
            // A second name for the same bytes; where the file system has none, a copy.
            fs::hard_link(&from, &temporary)
                .or_else(|_| fs::copy(&from, &temporary).map(|_| ()))?;
            fs::rename(&temporary, &to)?;
            sync_dir(&self.path)
        };
        link().map_err(|source| SaveError::Write { path: to.clone(), source })
    }

    /// Folders of whole checkpoints, oldest first.
    fn checkpoints(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path.join(TRAINING)).into_iter().flatten().flatten();
        let is_checkpoint = |path: &PathBuf| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|n| n.starts_with("step-"))
        };
        let mut found: Vec<PathBuf> =
            entries.map(|entry| entry.path()).filter(is_checkpoint).collect();
        found.sort();
        found
    }
}

fn renamed(error: SaveError, from: &Path, to: &Path) -> SaveError {
    let moved = |path: PathBuf| path.strip_prefix(from).map(|rest| to.join(rest)).unwrap_or(path);
    match error {
        SaveError::Write { path, source } => SaveError::Write { path: moved(path), source },
        SaveError::Format { path, reason } => SaveError::Format { path: moved(path), reason },
    }
}

fn write_error(path: &Path, source: io::Error) -> TrainError {
    SaveError::Write { path: path.to_path_buf(), source }.into()
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, TrainError> {
    let text = fs::read_to_string(path)
        .map_err(|source| LoadError::Read { path: path.to_path_buf(), source })?;
    serde_json::from_str(&text).map_err(|error| {
        let reason = error.to_string();
        LoadError::Corrupt { path: path.to_path_buf(), reason }.into()
    })
}

/// Temporary folders are private to their owner; a run is not.
#[cfg(unix)]
fn make_visible(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_visible(_folder: &Path) -> io::Result<()> {
    Ok(())
}
