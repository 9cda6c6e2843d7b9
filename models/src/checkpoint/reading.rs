//! Reads a model's weights in parallel on all cores.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use half::bf16;
use safetensors::tensor::Dtype;

use super::entry::{Parts, Value};
use super::{Entry, LoadDtype, LoadError, TensorInfo};
use crate::parameters::ParameterValue;

/// Below this many bytes, one thread is faster than several.
const MIN_PARALLEL: usize = 1 << 20;

/// A tensor that the model needs, and where it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredEntry<'a> {
    pub(super) entry: &'a Entry,
    pub(super) info: &'a TensorInfo,
}

/// Reads the values of the parameters, keyed by path.
///
/// # Errors
///
/// See [`TensorInfo::read`].
pub(super) fn read_parameters(
    mut tensors: Vec<StoredEntry<'_>>,
    dtype: LoadDtype,
) -> Result<BTreeMap<String, ParameterValue>, LoadError> {
    // Largest tensors first, so that all threads finish at about the same time.
    tensors.sort_by_key(|tensor| Reverse(tensor.info.length));
    let next = AtomicUsize::new(0);
    let read = || {
        let mut values = BTreeMap::new();
        while let Some(&StoredEntry { entry, info }) =
            tensors.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let is_matrix = entry.parts.iter().all(|part| part.shape.len() == 2);
            let read = match (dtype, info.dtype) {
                (LoadDtype::Checkpoint, Dtype::BF16) if is_matrix => {
                    read_parts::<bf16>(entry, info, dtype)
                }
                _ => read_parts::<f32>(entry, info, LoadDtype::F32),
            };
            values.extend(read?);
        }
        Ok(values)
    };
    let all: usize = tensors.iter().map(|tensor| tensor.info.length).sum();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let others = if all < MIN_PARALLEL { 0 } else { cores.min(tensors.len()) - 1 };
    thread::scope(|scope| {
        let others: Vec<_> = (0..others).map(|_| scope.spawn(read)).collect();
        let mut values = read()?;
        for other in others {
            match other.join() {
                Ok(more) => values.extend(more?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(values)
    })
}

/// Reads the values of the parameters in one tensor.
fn read_parts<V: Value>(
    entry: &Entry,
    info: &TensorInfo,
    dtype: LoadDtype,
) -> Result<Vec<(String, ParameterValue)>, LoadError> {
    let mut parts = Parts::<V>::new(entry, dtype);
    info.read_blocks(entry.row(), &mut |rows| parts.take(rows))?;
    Ok(parts.finish().map(|(part, value)| (part.path.clone(), value)).collect())
}
