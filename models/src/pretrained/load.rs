//! From a directory to a model.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, TensorData};
use serde_json::Value;

use super::{CONFIG_FILE, Checkpoint, KeyProblem, LoadError, Mapping};
use crate::families::{self, Architecture, Family, Task};
use crate::heads::{Backbone, CausalLm};
use crate::parameters::{self, ParameterInfo};
use crate::wire::config::ConfigError;

/// A model with its head.
#[derive(Debug, Clone)]
pub enum Model {
    /// Names the next token.
    CausalLm(CausalLm),
    /// Hidden states only.
    Backbone(Backbone),
}

/// A model with all that is needed to save it again.
#[derive(Debug)]
pub struct Pretrained {
    /// Its family.
    pub family: &'static Family,
    /// Its `config.json`, word for word.
    pub config: Value,
    /// The model.
    pub model: Model,
}

impl Model {
    /// A model of zeros, to be initialized or loaded.
    pub fn new(architecture: &Architecture, task: Task, device: &Device) -> Self {
        let Architecture::Decoder(config) = architecture;
        match task {
            Task::CausalLm => Self::CausalLm(CausalLm::new(config, device)),
            Task::Backbone => Self::Backbone(Backbone::new(config, device)),
        }
    }

    /// Every parameter's path and shape.
    pub fn parameters(&self) -> Vec<ParameterInfo> {
        match self {
            Self::CausalLm(model) => parameters::list(model),
            Self::Backbone(model) => parameters::list(model),
        }
    }

    fn replace(self, source: &mut dyn FnMut(&ParameterInfo) -> Option<TensorData>) -> Self {
        match self {
            Self::CausalLm(model) => Self::CausalLm(parameters::replace(model, source)),
            Self::Backbone(model) => Self::Backbone(parameters::replace(model, source)),
        }
    }
}

impl Pretrained {
    /// The model as a causal language model.
    ///
    /// # Errors
    ///
    /// It has no head; says which class would.
    pub fn into_causal_lm(self) -> Result<CausalLm, ConfigError> {
        match self.model {
            Model::CausalLm(model) => Ok(model),
            Model::Backbone(_) => {
                let class = self.config["architectures"][0].clone();
                Err(ConfigError::unsupported("architectures", class, self.family.tasks[0].1))
            }
        }
    }
}

/// Reads a directory's `config.json`: its family, the architecture, the task and the file itself.
///
/// # Errors
///
/// No such directory, no config, or one that cannot be followed.
pub fn read_config(
    folder: &Path,
) -> Result<(&'static Family, Architecture, Task, Value), LoadError> {
    let path = folder.join(CONFIG_FILE);
    if !folder.is_dir() {
        let reason = "no such directory; a model is a directory with config.json and safetensors";
        return Err(LoadError::NotAModel { path: folder.to_path_buf(), reason: reason.into() });
    }
    if !path.exists() {
        let reason = "no config.json in it".to_string();
        return Err(LoadError::NotAModel { path: folder.to_path_buf(), reason });
    }
    let text = std::fs::read_to_string(&path)
        .map_err(|source| LoadError::Read { path: path.clone(), source })?;
    let parsed = || -> Result<_, ConfigError> {
        let json: Value = serde_json::from_str(&text)?;
        let family = families::find(json["model_type"].as_str().unwrap_or_default())?;
        let architecture = (family.architecture)(&text)?;
        let task = family.task(&json)?;
        Ok((family, architecture, task, json))
    };
    parsed().map_err(|source| LoadError::Config { path, source })
}

/// Loads a directory's model onto a device.
///
/// # Errors
///
/// Everything that can be wrong with its files; every key that does not fit is listed. A model is
/// returned only if keys and parameters correspond one to one.
pub fn load(folder: &Path, device: &Device) -> Result<Pretrained, LoadError> {
    let (family, architecture, task, config) = read_config(folder)?;
    let model = Model::new(&architecture, task, device);
    let checkpoint = Checkpoint::open(folder)?;
    let mapping = Mapping::new(family.keys, &model.parameters());
    let report = compare(family, &checkpoint, &mapping)?;
    if !report.problems.is_empty() {
        let path = folder.to_path_buf();
        return Err(LoadError::Keys { path, problems: report.problems });
    }

    let mut values: BTreeMap<String, TensorData> = BTreeMap::new();
    for (entry, key) in mapping.entries.iter().zip(&report.keys) {
        let info = &checkpoint.tensors()[key];
        for (part, values_of_part) in entry.parts.iter().zip(entry.split(&info.read()?)) {
            let data = TensorData::new(values_of_part, part.shape.clone());
            values.insert(part.path.clone(), data);
        }
    }
    let model = model.replace(&mut |parameter| values.remove(&parameter.path));
    Ok(Pretrained { family, config, model })
}

/// How a checkpoint and a model correspond.
#[derive(Debug)]
pub struct CheckReport {
    /// The family that `config.json` names.
    pub family: &'static Family,
    /// What does not fit; empty for a checkpoint that loads.
    pub problems: Vec<KeyProblem>,
    /// Tensors in the checkpoint.
    pub found: usize,
    /// Tensors in the checkpoint, by type.
    pub dtypes: BTreeMap<String, usize>,
    /// Keys that the table drops, or that repeat a tied weight.
    pub dropped: Vec<String>,
    /// For every tensor that the model needs, the key found for it; empty where it is missing.
    keys: Vec<String>,
}

impl CheckReport {
    /// The number of tensors that the model needs.
    pub fn expected(&self) -> usize {
        self.keys.len()
    }
}

/// Compares a directory's keys, shapes and types with its model, and reads no weights but those of
/// tied copies.
///
/// # Errors
///
/// Files that cannot be read or understood; keys that do not fit are in the report.
pub fn check(folder: &Path, device: &Device) -> Result<CheckReport, LoadError> {
    let (family, architecture, task, _) = read_config(folder)?;
    let model = Model::new(&architecture, task, device);
    let checkpoint = Checkpoint::open(folder)?;
    compare(family, &checkpoint, &Mapping::new(family.keys, &model.parameters()))
}

fn compare(
    family: &'static Family,
    checkpoint: &Checkpoint,
    mapping: &Mapping,
) -> Result<CheckReport, LoadError> {
    let mut report = CheckReport {
        family,
        problems: Vec::new(),
        found: checkpoint.tensors().len(),
        dtypes: BTreeMap::new(),
        dropped: Vec::new(),
        keys: vec![String::new(); mapping.entries.len()],
    };
    let mut copies = Vec::new();
    for (key, info) in checkpoint.tensors() {
        *report.dtypes.entry(format!("{:?}", info.dtype)).or_default() += 1;
        let Some(index) = mapping.entry(key) else {
            if let Some(of) = mapping.copy_of(key) {
                copies.push((key, of));
                report.dropped.push(key.clone());
            } else if mapping.drops(key) {
                report.dropped.push(key.clone());
            } else {
                let file = info.file.clone();
                report.problems.push(KeyProblem::Unused { key: key.clone(), file });
            }
            continue;
        };
        let entry = &mapping.entries[index];
        if info.shape != entry.shape {
            report.problems.push(KeyProblem::Shape {
                key: key.clone(),
                expected: entry.shape.clone(),
                found: info.shape.clone(),
            });
        } else if !info.is_float() {
            let found = format!("{:?}", info.dtype);
            report.problems.push(KeyProblem::DataType { key: key.clone(), found });
        }
        report.keys[index].clone_from(key);
    }
    for (entry, key) in mapping.entries.iter().zip(&report.keys) {
        if key.is_empty() {
            let expected = entry.shape.clone();
            report.problems.push(KeyProblem::Missing { key: entry.key.clone(), expected });
        }
    }
    for (key, of) in copies {
        let original =
            mapping.entry(of).map(|index| report.keys[index].clone()).unwrap_or_default();
        let Some(original) = checkpoint.tensors().get(&original) else {
            continue; // The missing weight is reported already.
        };
        let copy = &checkpoint.tensors()[key];
        if copy.shape != original.shape || !copy.is_float() || copy.read()? != original.read()? {
            report.problems.push(KeyProblem::Untied { key: key.clone(), of: of.to_string() });
        }
    }
    Ok(report)
}
