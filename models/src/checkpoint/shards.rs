//! Tensors in files: one safetensors file, or shards with an index. Only requested tensors are
//! read, and nothing in a file is executed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path};

use safetensors::tensor::Metadata;
use serde::Deserialize;

use super::{F32Tensor, INDEX_FILE, LoadError, TensorInfo, WEIGHTS_FILE};

/// The maximum header length in bytes, which is also the limit of the `safetensors` crate.
const MAX_HEADER: u64 = 100_000_000;

/// The tensors of a directory, by key.
#[derive(Debug)]
pub struct Checkpoint {
    tensors: BTreeMap<String, TensorInfo>,
    /// Keys that the index lists but no shard contains, with their shards.
    promised: BTreeMap<String, String>,
    /// Keys that a shard contains but the index does not list, with their shards.
    denied: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Checkpoint {
    /// Opens `model.safetensors`, or else the shards that `model.safetensors.index.json` lists, and
    /// reads their headers.
    ///
    /// # Errors
    /// No weights (with a note if there are only pickled weights, which are never read); a file
    /// that is missing, truncated or not a safetensors file. An index that disagrees with its
    /// shards is an error only for tensors that a model needs; loading checks this.
    pub fn open(folder: &Path) -> Result<Self, LoadError> {
        let single = folder.join(WEIGHTS_FILE);
        if single.exists() {
            let tensors = read_header(&single)?;
            return Ok(Self { tensors, promised: BTreeMap::new(), denied: BTreeMap::new() });
        }
        let index = folder.join(INDEX_FILE);
        if index.exists() {
            return Self::open_shards(folder, &index);
        }
        let has = |name: &str| folder.join(name).exists();
        let reason = if has("pytorch_model.bin") || has("pytorch_model.bin.index.json") {
            "only pickled weights (pytorch_model.bin), which can execute code and are not read; \
             save the model again as safetensors"
        } else {
            "neither model.safetensors nor model.safetensors.index.json"
        };
        Err(LoadError::NotAModel { path: folder.to_path_buf(), reason: reason.into() })
    }

    fn open_shards(folder: &Path, index_path: &Path) -> Result<Self, LoadError> {
        let corrupt =
            |reason: String| LoadError::Corrupt { path: index_path.to_path_buf(), reason };
        let bytes = std::fs::read(index_path)
            .map_err(|source| LoadError::Read { path: index_path.to_path_buf(), source })?;
        let index: Index =
            serde_json::from_slice(&bytes).map_err(|error| corrupt(error.to_string()))?;
        let shards: BTreeSet<&String> = index.weight_map.values().collect();
        let (mut tensors, mut denied) = (BTreeMap::new(), BTreeMap::new());
        for shard in shards {
            // A name with folders in it could point anywhere.
            let mut parts = Path::new(shard).components();
            if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
                return Err(corrupt(format!("{shard:?} is not the name of a file")));
            }
            let path = folder.join(shard);
            if !path.exists() {
                return Err(corrupt(format!("{shard} is missing")));
            }
            for (key, info) in read_header(&path)? {
                match index.weight_map.get(&key) {
                    Some(listed) if listed == shard => {}
                    // If two shards contain the key, the index decides.
                    Some(_) => continue,
                    None => {
                        denied.insert(key.clone(), shard.clone());
                    }
                }
                tensors.insert(key, info);
            }
        }
        let promised =
            index.weight_map.into_iter().filter(|(key, _)| !tensors.contains_key(key)).collect();
        Ok(Self { tensors, promised, denied })
    }

    /// Checks that the index and the shards agree on the tensors that a model needs.
    ///
    /// # Errors
    ///
    /// The model reads a tensor that the index does not list, or lacks a tensor that the index
    /// lists.
    pub(super) fn check_index(
        &self,
        folder: &Path,
        is_read: impl Fn(&str) -> bool,
        is_lacking: impl Fn(&str) -> bool,
    ) -> Result<(), LoadError> {
        let denied = self.denied.iter().find(|(key, _)| is_read(key));
        let promised = self.promised.iter().find(|(key, _)| is_lacking(key));
        let reason = match (denied, promised) {
            (Some((key, shard)), _) => {
                format!("{shard} holds {key}, which the index does not list")
            }
            (_, Some((key, shard))) => format!("{shard} lacks {key}, which the index lists"),
            _ => return Ok(()),
        };
        Err(LoadError::Corrupt { path: folder.join(INDEX_FILE), reason })
    }

    /// The location of every tensor, sorted by key.
    pub fn tensors(&self) -> &BTreeMap<String, TensorInfo> {
        &self.tensors
    }
}

/// The keys of a folder's weights, or of an index whose shards are absent; `None` without a
/// readable file of either.
pub(super) fn keys_in(folder: &Path) -> Option<Vec<String>> {
    if let Ok(checkpoint) = Checkpoint::open(folder) {
        return Some(checkpoint.tensors.into_keys().collect());
    }
    // The index of pickled weights is JSON too, and names the same keys.
    let indexes = [INDEX_FILE, "pytorch_model.bin.index.json"];
    let index = indexes.iter().find_map(|name| std::fs::read(folder.join(name)).ok())?;
    Some(serde_json::from_slice::<Index>(&index).ok()?.weight_map.into_keys().collect())
}

/// Reads all float tensors of one safetensors file, with their shapes.
///
/// # Errors
///
/// See [`Checkpoint::open`]; tensors of other types are rejected.
pub fn read_safetensors(path: &Path) -> Result<BTreeMap<String, F32Tensor>, LoadError> {
    let read = |(key, info): (String, TensorInfo)| {
        if !info.is_float() {
            let reason = format!("{key} has type {:?}", info.dtype);
            return Err(LoadError::Corrupt { path: path.to_path_buf(), reason });
        }
        let values = info.read()?;
        Ok((key, F32Tensor { shape: info.shape, values }))
    };
    read_header(path)?.into_iter().map(read).collect()
}

fn read_header(path: &Path) -> Result<BTreeMap<String, TensorInfo>, LoadError> {
    let in_context = |source| LoadError::Read { path: path.to_path_buf(), source };
    let corrupt = |reason: String| LoadError::Corrupt { path: path.to_path_buf(), reason };

    let mut file = File::open(path).map_err(in_context)?;
    let size = file.metadata().map_err(in_context)?.len();
    let mut prefix = [0; 8];
    if size < 8 {
        return Err(corrupt(format!("not a safetensors file: {size} bytes are too few")));
    }
    file.read_exact(&mut prefix).map_err(in_context)?;
    let header_length = u64::from_le_bytes(prefix);
    if header_length > MAX_HEADER || header_length > size - 8 {
        return Err(corrupt(format!(
            "not a safetensors file, or truncated: its header would take {header_length} of {size} \
             bytes"
        )));
    }
    let mut header = vec![0; header_length as usize];
    file.read_exact(&mut header).map_err(in_context)?;
    // Parsing checks that the tensors are contiguous and that their sizes match their shapes.
    let metadata: Metadata = serde_json::from_slice(&header)
        .map_err(|error| corrupt(format!("not a safetensors file: {error}")))?;

    let data_start = 8 + header_length;
    let expected = data_start + metadata.data_len() as u64;
    if size != expected {
        let kind = if size < expected { "truncated" } else { "longer than its header says" };
        return Err(corrupt(format!("{kind}: {size} bytes instead of {expected}")));
    }
    let info = |(key, info): (String, &safetensors::tensor::TensorInfo)| {
        let (start, end) = info.data_offsets;
        let found = TensorInfo {
            file: path.to_path_buf(),
            dtype: info.dtype,
            shape: info.shape.clone(),
            start: data_start + start as u64,
            length: end - start,
        };
        (key, found)
    };
    Ok(metadata.tensors().into_iter().map(info).collect())
}
