//! The weights of a module.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};

use super::fields::wrong;
use crate::models::checkpoint::{Checkpoint, F32Tensor, WEIGHTS_FILE, read_safetensors};
use crate::pipeline::PipelineError;

/// The tensors of a module; none may be ignored.
pub(super) struct Tensors {
    path: PathBuf,
    found: BTreeMap<String, F32Tensor>,
}

impl Tensors {
    pub(super) fn read(folder: &Path) -> Result<Self, PipelineError> {
        let path = folder.join(WEIGHTS_FILE);
        if !path.exists() {
            // Reports why there are none, such as pickled weights.
            Checkpoint::open(folder)?;
        }
        let found = read_safetensors(&path)?;
        Ok(Self { path, found })
    }

    pub(super) fn take<const D: usize>(
        &mut self,
        key: &str,
        shape: [usize; D],
        device: &Device,
    ) -> Result<Tensor<D>, PipelineError> {
        let tensor = self.found.remove(key);
        let tensor = tensor.ok_or_else(|| wrong(&self.path, format!("it has no tensor {key}")))?;
        if tensor.shape != shape {
            let found = &tensor.shape;
            let reason = format!("{key} has shape {found:?}, but config.json specifies {shape:?}");
            return Err(wrong(&self.path, reason));
        }
        Ok(Tensor::from_data(TensorData::new(tensor.values, shape), device))
    }

    pub(super) fn finish(self) -> Result<(), PipelineError> {
        match self.found.keys().next() {
            None => Ok(()),
            Some(key) => Err(wrong(&self.path, format!("the tensor {key} is not used"))),
        }
    }
}
