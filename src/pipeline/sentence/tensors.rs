//! The weights of a module.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};

use super::fields::wrong;
use crate::models::checkpoint::{Checkpoint, F32Tensor, WEIGHTS_FILE, read_safetensors};
use crate::pipeline::PipelineError;

/// The tensors of a module, of which none may be passed over.
pub(super) struct Tensors {
    path: PathBuf,
    found: BTreeMap<String, F32Tensor>,
}

impl Tensors {
    pub(super) fn read(folder: &Path) -> Result<Self, PipelineError> {
        let path = folder.join(WEIGHTS_FILE);
        if !path.exists() {
            // It says why there are none, such as that they are pickled.
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
            let reason = format!("{key} has shape {found:?}, and config.json says {shape:?}");
            return Err(wrong(&self.path, reason));
        }
        Ok(Tensor::from_data(TensorData::new(tensor.values, shape), device))
    }

    pub(super) fn finish(self) -> Result<(), PipelineError> {
        match self.found.keys().next() {
            None => Ok(()),
            Some(key) => Err(wrong(&self.path, format!("{key} is a tensor that nothing needs"))),
        }
    }
}
