//! From a directory to a model.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;

use super::reading::read_parameters;
use super::{Blueprint, Checkpoint, KeyProblem, LoadError, Mapping, Model, Part};
use crate::families::{Family, Task};
use crate::heads::{Backbone, CausalLm};
use crate::kernels::linear::keeps_halves;
use crate::wire::config::ConfigError;

/// A model with all that is needed to save it again.
#[derive(Debug)]
pub struct Pretrained {
    /// What its `config.json` says.
    pub blueprint: Blueprint,
    /// The model.
    pub model: Model,
}

impl Pretrained {
    /// The model as a causal language model.
    ///
    /// # Errors
    ///
    /// It has another head; says which class would do.
    pub fn into_causal_lm(self) -> Result<CausalLm, ConfigError> {
        match self.model {
            Model::CausalLm(model) => Ok(model),
            _ => Err(self
                .blueprint
                .wrong_head("a causal language model", |task| task == Task::CausalLm)),
        }
    }

    /// The model, if it writes texts.
    ///
    /// # Errors
    ///
    /// It has another head; says which class would do.
    pub fn into_writer(self) -> Result<Model, ConfigError> {
        match self.model {
            model @ (Model::CausalLm(_) | Model::Seq2SeqLm(_)) => Ok(model),
            _ => Err(self.blueprint.wrong_head("a model that writes texts", Task::writes)),
        }
    }

    /// The model without a head.
    ///
    /// # Errors
    ///
    /// It has one; says which class would do.
    pub fn into_backbone(self) -> Result<Backbone, ConfigError> {
        match self.model {
            Model::Backbone(model) => Ok(model),
            _ => Err(self
                .blueprint
                .wrong_head("a model without a head", |task| task == Task::Backbone)),
        }
    }
}

/// How a model's matrices are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Row after row of 32-bit floats, whatever the file has: to be trained or saved.
    Wide,
    /// Those of bf16 as the file has them, where the device computes with them as with 32-bit floats: the same
    /// numbers in half the memory, for a model that is only run. `flex` without gradients does.
    AsStored,
}

/// Loads a directory's model onto a device, in 32-bit floats.
///
/// # Errors
///
/// Everything that can be wrong with its files; every key that does not fit is listed. A model is
/// returned only if keys and parameters correspond one to one.
pub fn load(folder: &Path, device: &Device) -> Result<Pretrained, LoadError> {
    load_as(folder, Blueprint::read(folder)?, (device, Hold::Wide))
}

/// Loads a directory's weights into a model of another blueprint than its config's.
///
/// # Errors
///
/// See [`load`].
pub fn load_as(
    folder: &Path,
    mut blueprint: Blueprint,
    (device, hold): (&Device, Hold),
) -> Result<Pretrained, LoadError> {
    let checkpoint = Checkpoint::open(folder)?;
    blueprint.settle(&checkpoint)?;
    let model = blueprint.model(device);
    let mapping = Mapping::new(blueprint.rules(), &model.parameters());
    let report = compare(blueprint.family, &checkpoint, &mapping)?;
    if !report.problems.is_empty() {
        let path = folder.to_path_buf();
        return Err(LoadError::Keys { path, problems: report.problems });
    }

    let found = mapping.entries.iter().zip(&report.keys);
    // Those that no key was found for are computed.
    let found = found.filter_map(|(entry, key)| Some((entry, checkpoint.tensors().get(key)?)));
    let hold = if keeps_halves(device) { hold } else { Hold::Wide };
    let mut values = read_parameters(found.collect(), hold)?;
    let model = model.replace(&mut |parameter| values.remove(&parameter.path));
    Ok(Pretrained { blueprint, model })
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
    let mut blueprint = Blueprint::read(folder)?;
    let checkpoint = Checkpoint::open(folder)?;
    blueprint.settle(&checkpoint)?;
    let parameters = blueprint.model(device).parameters();
    compare(blueprint.family, &checkpoint, &Mapping::new(blueprint.rules(), &parameters))
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
        if key.is_empty() && !entry.parts.iter().all(Part::is_computed) {
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
        if !copy.equals(original)? {
            report.problems.push(KeyProblem::Untied { key: key.clone(), of: of.to_string() });
        }
    }
    Ok(report)
}
