//! Checkpoints in a run directory: written atomically, restored bit for bit.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use burn::tensor::{Device, TensorData};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zoo_models::checkpoint::{
    self, F32Tensor, Files, LoadError, Model, SaveError, WEIGHTS_FILE, read_safetensors, sync_dir,
    write_json, write_safetensors,
};
use zoo_models::families::Family;
use zoo_models::parameters;
use zoo_models::precision::Precision;

use crate::error::TrainError;
use crate::loss_scale::LossScale;
use crate::optimizer::{Optimizer, SavedState};
use crate::run_dir::{RunDir, TRAINING, make_visible, read_json};
use crate::settings::{Keep, TrainSettings};
use crate::train_loop::{Progress, TrainLoop};
use crate::validations::Validations;

const STATE_FILE: &str = "state.json";
const OPTIMIZER_FILE: &str = "optimizer.safetensors";
/// The weights in training, by parameter path, of a run whose model has averages.
const UNAVERAGED_FILE: &str = "unaveraged.safetensors";

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
    /// The optimizer and its state.
    pub optimizer: Optimizer,
}

/// The contents of a new checkpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Snapshot<'a> {
    /// The model's family.
    pub(crate) family: &'static Family,
    /// The model's `config.json`.
    pub(crate) config: &'a Value,
    /// The model, or the averages of its weights.
    pub(crate) model: &'a Model,
    /// The weights in training where `model` has their averages.
    pub(crate) unaveraged: Option<&'a Model>,
    /// The optimizer and its state.
    pub(crate) optimizer: &'a Optimizer,
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
        settings: &TrainSettings,
        device: &Device,
    ) -> Result<Option<Restored>, TrainError> {
        let Some(folder) = self.newest() else {
            return Ok(None);
        };
        let state: State = read_json(&folder.join(STATE_FILE))?;
        let averaged_or_not = checkpoint::load(&folder, device)?.model;
        let model = match settings.ema {
            Some(_) => with_weights(averaged_or_not, &folder.join(UNAVERAGED_FILE))?,
            None => averaged_or_not,
        };
        let path = folder.join(OPTIMIZER_FILE);
        let saved = SavedState { steps: state.step, tensors: read_safetensors(&path)? };
        let (config, layer_decay) = (settings.optimizer, settings.layer_decay);
        let optimizer = Optimizer::resume(config, layer_decay, &model, saved, device);
        let optimizer = optimizer.map_err(|error| {
            TrainError::Load(LoadError::Corrupt { path, reason: error.to_string() })
        })?;
        Ok(Some(Restored { state, model, optimizer }))
    }

    /// The averages of the weights in the newest checkpoint; `None` before the first.
    ///
    /// # Errors
    ///
    /// The checkpoint cannot be read.
    pub(crate) fn averaged(&self, device: &Device) -> Result<Option<Model>, TrainError> {
        let load = |folder: PathBuf| checkpoint::load(&folder, device);
        Ok(self.newest().map(load).transpose()?.map(|loaded| loaded.model))
    }

    /// Writes a checkpoint, publishes its model in the run directory, and removes older
    /// checkpoints.
    ///
    /// # Errors
    ///
    /// Names the file that could not be written; the previous checkpoint is unchanged.
    pub(crate) fn checkpoint(
        &self,
        snapshot: Snapshot<'_>,
        settings: &TrainSettings,
    ) -> Result<(), SaveError> {
        let older = self.checkpoints();
        let training = self.path().join(TRAINING);
        let name = format!("step-{:08}", snapshot.state.step);
        let folder = training.join(&name);
        if folder.exists() {
            // The checkpoint of a step is deterministic, so an existing one is not rewritten.
            return self.publish_kept(&folder, snapshot.state, settings);
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
            if let Some(unaveraged) = snapshot.unaveraged {
                write_safetensors(&at.join(UNAVERAGED_FILE), &weights(unaveraged))?;
            }
            write_json(&at.join(STATE_FILE), snapshot.state)
        };
        // Errors name the final path instead of the temporary one.
        write(temporary.path()).map_err(|error| renamed(error, temporary.path(), &folder))?;
        let in_context = |source| SaveError::Write { path: folder.clone(), source };
        make_visible(temporary.path()).map_err(in_context)?;
        fs::rename(temporary.keep(), &folder).map_err(in_context)?;
        sync_dir(&training).map_err(in_context)?;
        self.publish_kept(&folder, snapshot.state, settings)?;
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
    pub fn publish_newest(&self, state: &State, settings: &TrainSettings) -> Result<(), SaveError> {
        self.newest().map_or(Ok(()), |folder| self.publish_kept(&folder, state, settings))
    }

    /// Publishes a checkpoint, unless a better one is kept.
    fn publish_kept(
        &self,
        folder: &Path,
        state: &State,
        settings: &TrainSettings,
    ) -> Result<(), SaveError> {
        self.keep_checkpoint(folder, state.step, settings.keep_last)?;
        let is_best = state.validations.best_step().is_none_or(|best| best == state.step);
        match settings.keep {
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

/// The weights of a model by parameter path.
fn weights(model: &Model) -> BTreeMap<String, F32Tensor> {
    let mut weights = BTreeMap::new();
    parameters::read(model, &mut |path, data| {
        let tensor = F32Tensor { shape: data.shape().to_vec(), values: data.iter().collect() };
        weights.insert(path.to_string(), tensor);
    });
    weights
}

/// A model with stored weights.
fn with_weights(model: Model, path: &Path) -> Result<Model, TrainError> {
    let mut weights = read_safetensors(path)?;
    let lacking = model.parameters().into_iter().find(|parameter| {
        weights.get(&parameter.path).is_none_or(|weights| weights.shape != parameter.shape)
    });
    if let Some(parameter) = lacking {
        let reason = format!("no weights of {} {:?}", parameter.path, parameter.shape);
        return Err(LoadError::Corrupt { path: path.to_path_buf(), reason }.into());
    }
    Ok(parameters::replace(model, &mut |parameter| {
        let F32Tensor { shape, values } = weights.remove(&parameter.path)?;
        Some(TensorData::new(values, shape).into())
    }))
}

fn renamed(error: SaveError, from: &Path, to: &Path) -> SaveError {
    let moved = |path: PathBuf| path.strip_prefix(from).map(|rest| to.join(rest)).unwrap_or(path);
    match error {
        SaveError::Write { path, source } => SaveError::Write { path: moved(path), source },
        SaveError::Format { path, reason } => SaveError::Format { path: moved(path), reason },
    }
}
