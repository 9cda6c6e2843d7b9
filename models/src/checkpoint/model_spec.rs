//! The specification of a model, read from its `config.json` before any weights are loaded.

use std::path::Path;

use burn::tensor::Device;
use serde_json::Value;

use super::dropout::set_dropout;
use super::family_config::FamilyConfig;
use super::{LoadError, Model, Prefixes, Rules};
use crate::backbones::initialize;
use crate::families::{Architecture, Family, Task};
use crate::hf::config::ConfigError;
use crate::hf::keys::Key;
use crate::hf::labels::labels;

/// The specification of a model: everything except its weights.
#[derive(Debug, Clone)]
pub struct ModelSpec {
    /// Its family.
    pub family: &'static Family,
    /// The sizes of its backbone, and the variants of its heads.
    pub architecture: Architecture,
    /// Its task.
    pub task: Task,
    /// The names of its labels.
    pub labels: Vec<String>,
    /// Its `config.json`, verbatim.
    pub config: Value,
    /// How tensors of other heads are handled.
    pub other_heads: OtherHeads,
}

/// How to handle a checkpoint's tensors that belong to another head than the model's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherHeads {
    /// Return an error: every key must be accounted for.
    Refuse,
    /// Ignore them with a warning in the log.
    Leave,
}

impl ModelSpec {
    /// Reads a directory's `config.json`.
    ///
    /// # Errors
    ///
    /// No such directory, no config, or an invalid or unsupported config.
    pub fn read(folder: &Path) -> Result<Self, LoadError> {
        let read = FamilyConfig::read(folder)?;
        let task = read.family.task(&read.config).map_err(|source| read.in_context(source))?;
        read.spec(task)
    }

    /// Parses the `config.json` of a family.
    ///
    /// # Errors
    ///
    /// A value that is unsupported or invalid.
    pub fn new(family: &'static Family, config: Value) -> Result<Self, ConfigError> {
        let task = family.task(&config)?;
        Self::with_task(family, config, task)
    }

    /// Like [`ModelSpec::new`], for another task than that of the class in the config.
    ///
    /// # Errors
    ///
    /// A value that is unsupported or invalid.
    pub fn with_task(
        family: &'static Family,
        config: Value,
        task: Task,
    ) -> Result<Self, ConfigError> {
        let whole = (family.architecture)(&config.to_string())?;
        // If the family has no class for half of an encoder-decoder, the base model is the whole of
        // it.
        let architecture = if family.has(task) { whole.part_for(task) } else { whole };
        if let Some(excess) = architecture.backbone.cost().excess() {
            let reason = format!("no model has more than {}", excess.most);
            return Err(ConfigError::invalid(excess.what, excess.asked, &reason));
        }
        let labels = labels(&config)?;
        let other_heads = OtherHeads::Refuse;
        Ok(Self { family, architecture, task, labels, config, other_heads })
    }

    /// The same with another probability of every dropout layer; see
    /// [`dropout_fields`](super::dropout_fields).
    ///
    /// # Errors
    ///
    /// A value that is not a probability, or one above 0 for a family without dropout.
    pub fn with_dropout(self, p: f64) -> Result<Self, ConfigError> {
        let Self { family, mut config, task, other_heads, .. } = self;
        set_dropout(family, &mut config, p)?;
        Ok(Self { other_heads, ..Self::with_task(family, config, task)? })
    }

    /// A model with zero weights, to be initialized or loaded.
    ///
    /// # Panics
    ///
    /// Panics if the architecture does not support the task's head; a family that lists such a task
    /// has a bug.
    pub fn model(&self, device: &Device) -> Model {
        Model::new(&self.architecture, self.task, self.labels.len(), device)
            .unwrap_or_else(|| panic!("{} has no head for {:?}", self.family.name(), self.task))
    }

    /// A model with random weights sampled with `seed`; see [`initialize`].
    ///
    /// # Panics
    ///
    /// See [`ModelSpec::model`].
    pub fn initialized(&self, seed: u64, device: &Device) -> Model {
        initialize(self.model(device), self.architecture.backbone.initialization(), seed)
    }

    /// Whether the model generates text.
    pub fn is_generative(&self) -> bool {
        self.task.is_generative()
    }

    /// The key tables of the model.
    pub fn rules(&self) -> Rules {
        let fields = self.config.as_object().into_iter().flatten();
        let true_fields = fields.filter(|(_, value)| **value == Value::Bool(true));
        Rules {
            true_fields: true_fields.map(|(field, _)| field.clone()).collect(),
            head: self.family.head_keys(self.task),
            other_heads: self.other_head_keys(),
            backbone: self.family.keys,
            prefix: self.family.prefix,
            prefixes: match self.task {
                Task::BaseModel => Prefixes::Absent,
                _ if self.is_unprefixed() => Prefixes::Absent,
                _ => Prefixes::Present,
            },
            n_heads: self.architecture.backbone.n_heads(),
            group_size: self.group_size(),
        }
    }

    /// Whether the backbone's keys have no prefix in files with this head.
    fn is_unprefixed(&self) -> bool {
        self.family.head_keys(self.task).iter().any(|table| table.contains(&Key::Unprefixed))
    }

    /// The number of layers of a group, from the config field named in the key tables.
    fn group_size(&self) -> usize {
        let field = self.family.keys.iter().copied().flatten().find_map(|rule| match rule {
            Key::InGroups { field, .. } => Some(*field),
            _ => None,
        });
        let size = field.and_then(|field| self.config[field].as_u64());
        size.and_then(|size| usize::try_from(size).ok()).unwrap_or(1).max(1)
    }

    /// The key tables of the family's other heads.
    fn other_head_keys(&self) -> Vec<&'static [Key]> {
        let others = self.family.heads.iter().filter(|head| head.task != self.task);
        others.flat_map(|head| head.keys).copied().collect()
    }

    /// The error for a task that this model's head does not support.
    pub fn wrong_head(&self, wanted: &'static str, does: impl Fn(Task) -> bool) -> ConfigError {
        ConfigError::WrongHead {
            found: self.config["architectures"][0].to_string(),
            wanted,
            classes: self.family.classes(does),
        }
    }
}
