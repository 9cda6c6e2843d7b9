//! Loads a model from a directory.

use std::path::Path;

use burn::tensor::Device;
use zoo_kernels::linear::stores_half_weights;

use super::reading::{StoredEntry, read_parameters};
use super::report::{CheckReport, compare};
use super::{Checkpoint, LoadError, Mapping, Model, ModelSpec};
use crate::families::Task;
use crate::heads::{BaseModel, CausalLm};
use crate::hf::config::ConfigError;

/// A loaded model with everything needed to save it again.
#[derive(Debug)]
pub struct Pretrained {
    /// The specification from its `config.json`.
    pub spec: ModelSpec,
    /// The model.
    pub model: Model,
}

impl Pretrained {
    /// The model as a causal language model.
    ///
    /// # Errors
    ///
    /// The model has another head; the error names the supported classes.
    pub fn into_causal_lm(self) -> Result<CausalLm, ConfigError> {
        match self.model {
            Model::CausalLm(model) => Ok(model),
            _ => {
                Err(self.spec.wrong_head("a causal language model", |task| task == Task::CausalLm))
            }
        }
    }

    /// The model, if it generates text.
    ///
    /// # Errors
    ///
    /// The model has another head; the error names the supported classes.
    pub fn into_generative(self) -> Result<Model, ConfigError> {
        match self.model {
            model @ (Model::CausalLm(_) | Model::Seq2SeqLm(_)) => Ok(model),
            _ => Err(self.spec.wrong_head("a model that generates text", Task::is_generative)),
        }
    }

    /// The model without a head.
    ///
    /// # Errors
    ///
    /// The model has a head; the error names the supported classes.
    pub fn into_base_model(self) -> Result<BaseModel, ConfigError> {
        match self.model {
            Model::BaseModel(model) => Ok(model),
            _ => {
                Err(self.spec.wrong_head("a model without a head", |task| task == Task::BaseModel))
            }
        }
    }
}

/// The format in which a model's matrices are stored in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadDtype {
    /// Row-major f32, whatever the checkpoint's dtype: for training and saving.
    F32,
    /// Matrices stored as bf16 stay in bf16, if the device computes with them as with f32: the same
    /// values in half the memory, for inference only. Supported by `flex` without gradients.
    Checkpoint,
}

/// Loads a directory's model onto a device, in f32.
///
/// # Errors
///
/// Any problem with its files; every key that does not match is listed. A model is returned only if
/// keys and parameters correspond one to one.
pub fn load(folder: &Path, device: &Device) -> Result<Pretrained, LoadError> {
    load_as(folder, ModelSpec::read(folder)?, device, LoadDtype::F32)
}

/// Loads a directory's weights into a model of another specification than its config's.
///
/// Contradictions between config and weights, and unused tensors of other heads, are logged as
/// warnings.
///
/// # Errors
///
/// See [`load`].
pub fn load_as(
    folder: &Path,
    mut spec: ModelSpec,
    device: &Device,
    dtype: LoadDtype,
) -> Result<Pretrained, LoadError> {
    let checkpoint = Checkpoint::open(folder)?;
    let warnings = spec.resolve_from_checkpoint(&checkpoint, device)?;
    let model = spec.model(device);
    let mapping = Mapping::new(spec.rules(), &model.parameters());
    let report = compare(&spec, &checkpoint, &mapping)?;
    report.check_index(folder, &checkpoint, &mapping)?;
    if !report.problems.is_empty() {
        let path = folder.to_path_buf();
        return Err(LoadError::Keys { path, problems: report.problems });
    }
    for warning in warnings.iter().chain(&report.warnings) {
        log::warn!("{}: {warning}", folder.display());
    }
    if let Some(left) = report.left_out() {
        log::warn!("{}: {left}", folder.display());
    }

    let dtype = if stores_half_weights(device) { dtype } else { LoadDtype::F32 };
    let model = fill(model, &mapping, &report, &checkpoint, dtype)?;
    Ok(Pretrained { spec, model })
}

/// Reads the weights into a model; parameters without a key keep their values.
pub(super) fn fill(
    model: Model,
    mapping: &Mapping,
    report: &CheckReport,
    checkpoint: &Checkpoint,
    dtype: LoadDtype,
) -> Result<Model, LoadError> {
    let found = mapping.entries.iter().zip(&report.keys);
    // Entries without a key are computed parameters, or those of a new head.
    let found = found.filter_map(|(entry, key)| {
        Some(StoredEntry { entry, info: checkpoint.tensors().get(key)? })
    });
    let mut values = read_parameters(found.collect(), dtype)?;
    Ok(model.replace(&mut |parameter| values.remove(&parameter.path)))
}

/// Compares a directory's keys, shapes and types with its model. Reads no weights except those of
/// tied copies.
///
/// # Errors
///
/// Unreadable or invalid files; keys that do not match are in the report.
pub fn check(folder: &Path, device: &Device) -> Result<CheckReport, LoadError> {
    let mut spec = ModelSpec::read(folder)?;
    let checkpoint = Checkpoint::open(folder)?;
    let warnings = spec.resolve_from_checkpoint(&checkpoint, device)?;
    let mapping = spec.mapping(device);
    let mut report = compare(&spec, &checkpoint, &mapping)?;
    report.check_index(folder, &checkpoint, &mapping)?;
    report.warnings.splice(0..0, warnings);
    Ok(report)
}
