//! A family of models, as data.

use serde_json::Value;

use super::{Architecture, HeadSpec, NamedTask, Size, Task};
use crate::hf::config::ConfigError;
use crate::hf::keys::Key;

/// A family of models.
#[derive(Debug)]
pub struct Family {
    /// Values of `model_type` in `config.json`; the first is the family's name.
    pub model_types: &'static [&'static str],
    /// The model in one line.
    pub summary: &'static str,
    /// The publication.
    pub paper: &'static str,
    /// The supported heads; the first one is that of the primary task.
    pub heads: &'static [HeadSpec],
    /// Parses `config.json` into a typed and validated config.
    pub architecture: fn(&str) -> Result<Architecture, ConfigError>,
    /// The `config.json` of a model of this size, for training from scratch; an error for a size
    /// that the family does not support.
    pub config: fn(&Size) -> Result<Value, ConfigError>,
    /// The prefix of the backbone's keys in the file of a model with a head.
    pub prefix: &'static str,
    /// The backbone's keys in a checkpoint, in tables that families may share.
    pub keys: &'static [&'static [Key]],
}

impl Family {
    /// The family's name: the `model_type` of its checkpoints.
    pub fn name(&self) -> &'static str {
        self.model_types[0]
    }

    /// The head of the primary task.
    pub fn primary(&self) -> &'static HeadSpec {
        &self.heads[0]
    }

    /// Whether its primary task generates text, as `zoo train` requires.
    pub fn is_generative(&self) -> bool {
        self.primary().task.is_generative()
    }

    /// A model of this size for training from scratch.
    ///
    /// # Errors
    ///
    /// A size that the family does not support, or that is invalid.
    pub fn sized(&self, size: &Size) -> Result<SizedModel, ConfigError> {
        let config = (self.config)(size)?;
        let architecture = (self.architecture)(&config.to_string())?;
        Ok(SizedModel { config, architecture })
    }

    /// The first head for this task.
    pub fn head(&self, task: Task) -> Option<&'static HeadSpec> {
        self.heads.iter().find(|head| head.task == task)
    }

    /// The keys of the head for this task; none where the family has no such head.
    pub fn head_keys(&self, task: Task) -> &'static [&'static [Key]] {
        self.head(task).map_or(&[], |head| head.keys)
    }

    /// Whether it has a class for this task.
    pub fn has(&self, task: Task) -> bool {
        self.head(task).is_some()
    }

    /// The names of the classes for tasks that `is_accepted` accepts.
    pub fn classes(&self, is_accepted: impl Fn(Task) -> bool) -> Vec<&'static str> {
        let accepted = self.heads.iter().filter(|head| is_accepted(head.task));
        accepted.map(|head| head.class).collect()
    }

    /// Whether hidden states can be computed from a single text. The decoder of BART and mBART
    /// receives the same text, shifted by one position; the decoders of other encoder-decoders need
    /// a target text.
    pub fn has_hidden_states(&self) -> bool {
        self.has(Task::BaseModel) || self.has(Task::Span)
    }

    /// The task of the first class in `architectures`.
    pub fn named_task(&self, config: &Value) -> NamedTask {
        match config["architectures"][0].as_str() {
            None => NamedTask::Unnamed,
            Some(class) => {
                let known = self.heads.iter().find(|head| head.is_class(class));
                known.map_or(NamedTask::Unknown, |head| NamedTask::Known(head.task))
            }
        }
    }

    /// The task of a model with this `config.json`, by its class in `architectures`; the family's
    /// primary task where there is no class.
    ///
    /// # Errors
    ///
    /// An unsupported class; the error lists the supported ones.
    pub fn task(&self, config: &Value) -> Result<Task, ConfigError> {
        match self.named_task(config) {
            NamedTask::Known(task) => Ok(task),
            NamedTask::Unnamed => Ok(self.primary().task),
            NamedTask::Unknown => {
                let class = config["architectures"][0].clone();
                let known = self.classes(|_| true).join(", ");
                Err(ConfigError::unsupported("architectures", class, &known))
            }
        }
    }
}

/// A model of a certain size, without weights.
#[derive(Debug, Clone, PartialEq)]
pub struct SizedModel {
    /// Its `config.json`.
    pub config: Value,
    /// Its architecture.
    pub architecture: Architecture,
}
