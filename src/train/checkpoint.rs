//! Checkpoints within a run's directory: written whole, restored bit for bit.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::adamw::{AdamW, AdamWConfig};
use super::error::TrainError;
use super::lm_model::LmModel;
use super::loss_scale::LossScale;
use super::run_dir::{RunDir, TRAINING, make_visible, read_json};
use crate::models::checkpoint::{
    self, CONFIG_FILE, Files, LoadError, Model, SaveError, WEIGHTS_FILE, read_safetensors,
    sync_dir, write_json, write_safetensors,
};
use crate::models::families::Family;

const STATE_FILE: &str = "state.json";
const OPTIMIZER_FILE: &str = "optimizer.safetensors";

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
    /// The scale of the loss.
    #[serde(default)]
    pub loss_scale: LossScale,
}

/// What a checkpoint restores.
#[derive(Debug)]
pub struct Restored {
    /// Where it stands.
    pub state: State,
    /// The model.
    pub model: Model,
    /// The optimizer with its moments.
    pub optimizer: AdamW,
}

/// A model on its way into a checkpoint.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    /// The family and the `config.json`.
    pub described: (&'static Family, &'a Value),
    /// The model.
    pub model: &'a Model,
    /// The optimizer with its moments.
    pub optimizer: &'a AdamW,
    /// Where it stands.
    pub state: &'a State,
}

impl RunDir {
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
        let pretrained = checkpoint::load(&folder, device)?;
        let model = pretrained.into_generative().map_err(|source| {
            TrainError::Load(LoadError::Config { path: folder.join(CONFIG_FILE), source })
        })?;
        let path = folder.join(OPTIMIZER_FILE);
        let moments = read_safetensors(&path)?;
        let optimizer = AdamW::resume(config, state.step, moments, device).ok_or_else(|| {
            let reason = "moments without their counterparts".to_string();
            TrainError::Load(LoadError::Corrupt { path, reason })
        })?;
        let model = LmModel { model };
        if let Some(unknown_parameter) = optimizer.unknown_parameter(&model) {
            let reason = format!(
                "moments of {unknown_parameter}, which the model lacks; the run is another version's. \
                 `zoo train --init-from` begins anew with its weights"
            );
            let path = folder.join(OPTIMIZER_FILE);
            return Err(TrainError::Load(LoadError::Corrupt { path, reason }));
        }
        Ok(Some(Restored { state, model: model.model, optimizer }))
    }

    /// Writes a checkpoint, makes its model the directory's, and removes older checkpoints.
    ///
    /// # Errors
    ///
    /// Names the file that could not be written; the checkpoint before is as it was.
    pub fn checkpoint(&self, snapshot: Snapshot<'_>) -> Result<(), SaveError> {
        let older = self.checkpoints();
        let training = self.path().join(TRAINING);
        let name = format!("step-{:08}", snapshot.state.step);
        let folder = training.join(&name);
        if folder.exists() {
            // A step's checkpoint is a function of the run; there is nothing to write.
            return self.publish(&folder);
        }
        // A folder that is dropped before it got its name removes itself.
        let temporary = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempdir_in(&training)
            .map_err(|source| SaveError::Write { path: folder.clone(), source })?;
        let write = |at: &Path| -> Result<(), SaveError> {
            let files = Files { max_shard_bytes: usize::MAX, ..Files::default() };
            checkpoint::save(at, snapshot.model, snapshot.described, files)?;
            write_safetensors(&at.join(OPTIMIZER_FILE), &snapshot.optimizer.state())?;
            write_json(&at.join(STATE_FILE), snapshot.state)
        };
        // Errors name the place that the user knows, not the temporary one.
        write(temporary.path()).map_err(|error| renamed(error, temporary.path(), &folder))?;
        let in_context = |source| SaveError::Write { path: folder.clone(), source };
        make_visible(temporary.path()).map_err(in_context)?;
        fs::rename(temporary.keep(), &folder).map_err(in_context)?;
        sync_dir(&training).map_err(in_context)?;
        self.publish(&folder)?;
        for old in older {
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
        let to = self.path().join(WEIGHTS_FILE);
        let temporary = self.path().join(format!(".tmp-{WEIGHTS_FILE}"));
        let link = || -> io::Result<()> {
            let _ = fs::remove_file(&temporary);
            // A second name for the same bytes; where the file system has none, a copy.
            fs::hard_link(&from, &temporary)
                .or_else(|_| fs::copy(&from, &temporary).map(|_| ()))?;
            fs::rename(&temporary, &to)?;
            // Renaming one name of a file onto another does nothing, and both stay.
            let _ = fs::remove_file(&temporary);
            sync_dir(self.path())
        };
        link().map_err(|source| SaveError::Write { path: to.clone(), source })
    }

    /// Folders of whole checkpoints, oldest first.
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
