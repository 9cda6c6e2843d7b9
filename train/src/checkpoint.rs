//! Checkpoints in a run directory: written atomically, restored bit for bit.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zoo_models::checkpoint::{
    self, Files, LoadError, Model, SaveError, WEIGHTS_FILE, read_safetensors, sync_dir, write_json,
    write_safetensors,
};
use zoo_models::families::Family;
use zoo_models::precision::Precision;

use crate::adamw::{AdamW, AdamWConfig};
use crate::error::TrainError;
use crate::loss_scale::LossScale;
use crate::run_dir::{RunDir, TRAINING, make_visible, read_json};
use crate::settings::Keep;
use crate::train_loop::{Progress, TrainLoop};
use crate::validations::Validations;

const STATE_FILE: &str = "state.json";
const OPTIMIZER_FILE: &str = "optimizer.safetensors";

/// The progress of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The number of steps taken.
    pub step: usize,
    /// The number of tokens trained on.
    pub tokens: u64,
    /// Training time in seconds, without validation and checkpoints.
    pub train_seconds: f64,
    /// The results of validations.
    #[serde(flatten)]
    pub validations: Validations,
    /// The loss scale.
    #[serde(default)]
    pub loss_scale: LossScale,
}

impl State {
    /// The state before the first step.
    pub fn start(precision: Precision) -> Self {
        Self {
            step: 0,
            tokens: 0,
            train_seconds: 0.0,
            validations: Validations::default(),
            loss_scale: LossScale::start(precision),
        }
    }

    /// The state of a loop.
    pub(crate) fn of(run: &TrainLoop, validations: &Validations) -> Self {
        Self {
            step: run.progress.step,
            tokens: run.progress.tokens,
            train_seconds: run.progress.time.as_secs_f64(),
            validations: validations.clone(),
            loss_scale: run.step.loss_scale,
        }
    }

    /// The progress of a loop that continues here.
    pub(crate) fn progress(&self) -> Progress {
        let time = Duration::from_secs_f64(self.train_seconds.max(0.0));
        Progress { step: self.step, tokens: self.tokens, time }
    }
}

/// A restored checkpoint.
#[derive(Debug)]
pub struct Restored {
    /// The progress of the run.
    pub state: State,
    /// The model.
    pub model: Model,
    /// The optimizer and its moments.
    pub optimizer: AdamW,
}

/// The contents of a new checkpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Snapshot<'a> {
    /// The model's family.
    pub(crate) family: &'static Family,
    /// The model's `config.json`.
    pub(crate) config: &'a Value,
    /// The model.
    pub(crate) model: &'a Model,
    /// The optimizer and its moments.
    pub(crate) optimizer: &'a AdamW,
    /// The progress of the run.
    pub(crate) state: &'a State,
}

impl RunDir {
    /// The directory of the newest complete checkpoint; `None` before the first.
    pub(crate) fn newest(&self) -> Option<PathBuf> {
        self.checkpoints().pop()
    }

    /// Restores the newest complete checkpoint; `None` before the first.
    ///
    /// # Errors
    ///
    /// The checkpoint cannot be read.
    pub fn restore(
        &self,
        config: AdamWConfig,
        device: &Device,
    ) -> Result<Option<Restored>, TrainError> {
        let Some(folder) = self.newest() else {
            return Ok(None);
        };
        let state: State = read_json(&folder.join(STATE_FILE))?;
        let pretrained = checkpoint::load(&folder, device)?;
        let model = pretrained.model;
        let path = folder.join(OPTIMIZER_FILE);
        let moments = read_safetensors(&path)?;
        let optimizer = AdamW::resume(config, state.step, moments, device).ok_or_else(|| {
            let reason = "a first moment has no second moment".to_string();
            TrainError::Load(LoadError::Corrupt { path, reason })
        })?;
        if let Some(unknown_parameter) = optimizer.unknown_parameter(&model) {
            let reason = format!(
                "moments of {unknown_parameter}, which the model lacks; another version wrote this \
                 run. `zoo train --init-from` starts a new run with its weights"
            );
            let path = folder.join(OPTIMIZER_FILE);
            return Err(TrainError::Load(LoadError::Corrupt { path, reason }));
        }
        Ok(Some(Restored { state, model, optimizer }))
    }

    /// Writes a checkpoint, publishes its model in the run directory, and removes older
    /// checkpoints.
    ///
    /// # Errors
    ///
    /// Names the file that could not be written; the previous checkpoint is unchanged.
    pub(crate) fn checkpoint(&self, snapshot: Snapshot<'_>, keep: Keep) -> Result<(), SaveError> {
        let older = self.checkpoints();
        let training = self.path().join(TRAINING);
        let name = format!("step-{:08}", snapshot.state.step);
        let folder = training.join(&name);
        if folder.exists() {
            // The checkpoint of a step is deterministic, so an existing one is not rewritten.
            return self.publish_kept(&folder, snapshot.state, keep);
        }
        // A temporary directory removes itself if it is dropped before the rename.
        let temporary = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempdir_in(&training)
            .map_err(|source| SaveError::Write { path: folder.clone(), source })?;
        let write = |at: &Path| -> Result<(), SaveError> {
            let files = Files { max_shard_bytes: usize::MAX, ..Files::default() };
            checkpoint::save(at, snapshot.model, snapshot.family, snapshot.config, files)?;
            write_safetensors(&at.join(OPTIMIZER_FILE), &snapshot.optimizer.state())?;
            write_json(&at.join(STATE_FILE), snapshot.state)
        };
        // Errors name the final path instead of the temporary one.
        write(temporary.path()).map_err(|error| renamed(error, temporary.path(), &folder))?;
        let in_context = |source| SaveError::Write { path: folder.clone(), source };
        make_visible(temporary.path()).map_err(in_context)?;
        fs::rename(temporary.keep(), &folder).map_err(in_context)?;
        sync_dir(&training).map_err(in_context)?;
        self.publish_kept(&folder, snapshot.state, keep)?;
        for old in older {
            fs::remove_dir_all(&old).map_err(|source| SaveError::Write { path: old, source })?;
        }
        Ok(())
    }

    /// Publishes the newest checkpoint's model in the run directory; a killed process may not have
    /// done so.
    ///
    /// # Errors
    ///
    /// Names the file that could not be written.
    pub fn publish_newest(&self, state: &State, keep: Keep) -> Result<(), SaveError> {
        self.newest().map_or(Ok(()), |folder| self.publish_kept(&folder, state, keep))
    }

    /// Publishes a checkpoint, unless a better one is kept.
    fn publish_kept(&self, folder: &Path, state: &State, keep: Keep) -> Result<(), SaveError> {
        let is_best = state.validations.best_step().is_none_or(|best| best == state.step);
        match keep {
            Keep::Best if !is_best && self.path().join(WEIGHTS_FILE).exists() => Ok(()),
            _ => self.publish(folder),
        }
    }

    fn publish(&self, folder: &Path) -> Result<(), SaveError> {
        let from = folder.join(WEIGHTS_FILE);
        let to = self.path().join(WEIGHTS_FILE);
        let temporary = self.path().join(format!(".tmp-{WEIGHTS_FILE}"));
        let link = || -> io::Result<()> {
            let _ = fs::remove_file(&temporary);
            // A hard link, or a copy if the file system does not support links.
            fs::hard_link(&from, &temporary)
                .or_else(|_| fs::copy(&from, &temporary).map(|_| ()))?;
            fs::rename(&temporary, &to)?;
            // Renaming one hard link onto another of the same file does nothing and keeps both.
            let _ = fs::remove_file(&temporary);
            sync_dir(self.path())
        };
        link().map_err(|source| SaveError::Write { path: to.clone(), source })
    }

    /// The directories of complete checkpoints, oldest first.
    fn checkpoints(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path().join(TRAINING)).into_iter().flatten().flatten();
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
