//! Saves a model to a directory that `transformers` can load.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::module::Module;
use half::{bf16, f16};
use safetensors::tensor::{Dtype, View};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    CONFIG_FILE, F32Tensor, INDEX_FILE, Mapping, ModelSpec, SaveError, WEIGHTS_FILE,
    write_atomically,
};
use crate::families::Family;
use crate::parameters;
use crate::precision::Precision;

/// The default maximum size of a shard, in bytes.
pub const MAX_SHARD_BYTES: usize = 5_000_000_000;

/// How weights are saved.
#[derive(Debug, Clone, Copy)]
pub struct Files {
    /// The maximum size of a file in bytes; larger models are split into shards.
    pub max_shard_bytes: usize,
    /// The precision that weights are rounded to.
    pub precision: Precision,
}

/// f32, in shards of [`MAX_SHARD_BYTES`].
impl Default for Files {
    fn default() -> Self {
        Self { max_shard_bytes: MAX_SHARD_BYTES, precision: Precision::F32 }
    }
}

/// Writes tensors to a safetensors file atomically. The same tensors result in the same bytes.
///
/// # Errors
///
/// The file cannot be written; the error names it.
pub fn write_safetensors(
    path: &Path,
    tensors: &BTreeMap<String, F32Tensor>,
) -> Result<(), SaveError> {
    write_in(Precision::F32, path, tensors)
}

fn write_in(
    precision: Precision,
    path: &Path,
    tensors: &BTreeMap<String, F32Tensor>,
) -> Result<(), SaveError> {
    let tensors = tensors.iter().map(|(key, tensor)| (key, Written { tensor, precision }));
    // `transformers` rejects files without a `format` entry.
    let metadata = HashMap::from([("format".to_string(), "pt".to_string())]);
    let bytes = safetensors::serialize(tensors, Some(metadata)).map_err(|error| {
        SaveError::Format { path: path.to_path_buf(), reason: error.to_string() }
    })?;
    write_atomically(path, |writer| writer.write_all(&bytes))
}

/// Writes a model and its config in Hugging Face's layout, sharded if one file would be too large.
///
/// Every file is written atomically, and the weights before the config, so that an interrupted save
/// does not leave a directory that looks like a model.
///
/// # Errors
///
/// A file or folder cannot be written, or a tensor has a value out of the precision's range; the
/// error names it.
pub fn save<M: Module>(
    folder: &Path,
    model: &M,
    family: &'static Family,
    config: &Value,
    files: Files,
) -> Result<(), SaveError> {
    std::fs::create_dir_all(folder)
        .map_err(|source| SaveError::Write { path: folder.to_path_buf(), source })?;
    let spec = ModelSpec::new(family, config.clone()).map_err(|error| SaveError::Format {
        path: folder.join(CONFIG_FILE),
        reason: error.to_string(),
    })?;
    let tensors = tensors(model, &spec);
    if let Some((key, _)) = tensors.iter().find(|(_, tensor)| files.overflow(tensor)) {
        let reason = format!("{key} has a value that is too large for {}", files.precision);
        return Err(SaveError::Format { path: folder.join(WEIGHTS_FILE), reason });
    }
    let shards = shards(tensors, files);
    match shards.as_slice() {
        [all] => {
            write_in(files.precision, &folder.join(WEIGHTS_FILE), all)?;
            remove_stale(&folder.join(INDEX_FILE))?;
        }
        many => {
            write_shards(folder, many, files.precision)?;
            remove_stale(&folder.join(WEIGHTS_FILE))?;
        }
    }
    write_config(folder, config)
}

impl Files {
    /// Whether a value of the tensor would become infinite.
    fn overflow(self, tensor: &F32Tensor) -> bool {
        let largest = match self.precision {
            Precision::F32 => return false,
            Precision::F16 => f16::MAX.to_f32(),
            Precision::Bf16 => bf16::MAX.to_f32(),
        };
        tensor.values.iter().any(|value| value.is_finite() && value.abs() > largest)
    }
}

/// A tensor converted to the precision of a file.
struct Written<'a> {
    tensor: &'a F32Tensor,
    precision: Precision,
}

impl View for Written<'_> {
    fn dtype(&self) -> Dtype {
        match self.precision {
            Precision::F32 => Dtype::F32,
            Precision::F16 => Dtype::F16,
            Precision::Bf16 => Dtype::BF16,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.tensor.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.tensor.values.iter();
        Cow::Owned(match self.precision {
            Precision::F32 => values.flat_map(|value| value.to_le_bytes()).collect(),
            Precision::F16 => {
                values.flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect()
            }
            Precision::Bf16 => {
                values.flat_map(|&value| bf16::from_f32(value).to_le_bytes()).collect()
            }
        })
    }

    fn data_len(&self) -> usize {
        self.tensor.values.len() * self.dtype().bitsize() / 8
    }
}

/// Writes a directory's `config.json`.
///
/// # Errors
///
/// The file cannot be written; the error names it.
pub fn write_config(folder: &Path, config: &Value) -> Result<(), SaveError> {
    write_json(&folder.join(CONFIG_FILE), config)
}

/// Removes a file of an earlier save (sharded or not), which a loader could mistake for this model.
fn remove_stale(path: &Path) -> Result<(), SaveError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(SaveError::Write { path: path.to_path_buf(), source })
        }
        _ => Ok(()),
    }
}

/// A model's tensors under the checkpoint's keys.
fn tensors<M: Module>(model: &M, spec: &ModelSpec) -> BTreeMap<String, F32Tensor> {
    let mapping = Mapping::new(spec.rules(), &parameters::list(model));
    assert!(
        mapping.uncovered.is_empty(),
        "{} has no key rule for {:?}",
        spec.family.name(),
        mapping.uncovered
    );
    let mut values: HashMap<String, Vec<f32>> = HashMap::new();
    parameters::read(model, &mut |path, data| {
        values.insert(path.to_string(), data.iter::<f32>().collect());
    });
    let mut tensors = BTreeMap::new();
    for entry in &mapping.entries {
        let parts: Vec<Vec<f32>> =
            entry.parts.iter().filter_map(|part| values.remove(&part.path)).collect();
        let tensor = F32Tensor { shape: entry.shape.clone(), values: entry.join(&parts) };
        tensors.insert(entry.key.clone(), tensor);
    }
    tensors
}

/// Fills shards one after the other; a tensor is never split.
fn shards(tensors: BTreeMap<String, F32Tensor>, files: Files) -> Vec<BTreeMap<String, F32Tensor>> {
    let mut shards = vec![BTreeMap::new()];
    let mut filled = 0;
    for (key, tensor) in tensors {
        let bytes = Written { tensor: &tensor, precision: files.precision }.data_len();
        if filled > 0 && filled + bytes > files.max_shard_bytes {
            shards.push(BTreeMap::new());
            filled = 0;
        }
        filled += bytes;
        if let Some(shard) = shards.last_mut() {
            shard.insert(key, tensor);
        }
    }
    shards
}

fn write_shards(
    folder: &Path,
    shards: &[BTreeMap<String, F32Tensor>],
    precision: Precision,
) -> Result<(), SaveError> {
    let mut weight_map = BTreeMap::new();
    let mut total_size = 0;
    for (index, shard) in shards.iter().enumerate() {
        let name = format!("model-{:05}-of-{:05}.safetensors", index + 1, shards.len());
        write_in(precision, &folder.join(&name), shard)?;
        for (key, tensor) in shard {
            weight_map.insert(key, name.clone());
            total_size += Written { tensor, precision }.data_len();
        }
    }
    let index = json!({ "metadata": { "total_size": total_size }, "weight_map": weight_map });
    write_json(&folder.join(INDEX_FILE), &index)
}

/// Writes a value as JSON, atomically.
///
/// # Errors
///
/// The file cannot be written; the error names it.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), SaveError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| SaveError::Format {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })?;
    write_atomically(path, |writer| writer.write_all(format!("{text}\n").as_bytes()))
}
