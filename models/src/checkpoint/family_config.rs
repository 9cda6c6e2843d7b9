//! A directory's `config.json` and its family, before a task is selected.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{CONFIG_FILE, LoadError, ModelSpec, infer};
use crate::families::{self, Family, Task};
use crate::hf::config::ConfigError;

/// A `config.json` whose family is known.
pub(super) struct FamilyConfig {
    path: PathBuf,
    pub(super) family: &'static Family,
    pub(super) config: Value,
}

impl FamilyConfig {
    /// Reads a directory's `config.json` and determines the model's family.
    ///
    /// # Errors
    ///
    /// No such directory, no config, a config that is not JSON, or an unknown family.
    pub(super) fn read(folder: &Path) -> Result<Self, LoadError> {
        let path = folder.join(CONFIG_FILE);
        if !folder.is_dir() {
            let reason =
                "no such directory; a model is a directory with config.json and safetensors";
            return Err(LoadError::NotAModel { path: folder.to_path_buf(), reason: reason.into() });
        }
        if !path.exists() {
            let reason = "no config.json in it".to_string();
            return Err(LoadError::NotAModel { path: folder.to_path_buf(), reason });
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|source| LoadError::Read { path: path.clone(), source })?;
        let in_context = |source| LoadError::Config { path: path.clone(), source };
        let config: Value =
            serde_json::from_str(&text).map_err(|error| in_context(error.into()))?;
        let family = match config["model_type"].as_str() {
            Some(model_type) => families::find(model_type),
            None => infer::family(folder, &config),
        };
        let family = family.map_err(in_context)?;
        Ok(Self { path, family, config })
    }

    /// The specification of a model for this task.
    ///
    /// # Errors
    ///
    /// A value that is unsupported or invalid.
    pub(super) fn spec(&self, task: Task) -> Result<ModelSpec, LoadError> {
        ModelSpec::with_task(self.family, self.config.clone(), task)
            .map_err(|source| self.in_context(source))
    }

    /// An error that names the file.
    pub(super) fn in_context(&self, source: ConfigError) -> LoadError {
        LoadError::Config { path: self.path.clone(), source }
    }
}
