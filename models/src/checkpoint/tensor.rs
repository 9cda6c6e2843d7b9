//! Reads tensors from safetensors files.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use safetensors::tensor::Dtype;

use super::LoadError;

/// An f32 tensor in host memory.
#[derive(Debug, Clone, PartialEq)]
pub struct F32Tensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements, in row-major order.
    pub values: Vec<f32>,
}

/// The location, data type and shape of a tensor in a file.
#[derive(Debug, Clone)]
pub struct TensorInfo {
    /// The file.
    pub file: PathBuf,
    /// The type of its elements.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The offset from the start of the file, in bytes.
    pub(super) start: u64,
    /// The length in bytes.
    pub(super) length: usize,
}

impl TensorInfo {
    /// Whether the data type is a supported float type.
    pub fn is_float(&self) -> bool {
        matches!(self.dtype, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::BF16)
    }

    /// Reads the elements as f32, in row-major order.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or became shorter after its header was read.
    pub fn read(&self) -> Result<Vec<f32>, LoadError> {
        let mut values = Vec::with_capacity(self.shape.iter().product());
        self.read_blocks(1, &mut |block| values.extend_from_slice(block))?;
        Ok(values)
    }

    /// Calls `receive` with blocks of elements, each a whole number of rows of `row` elements.
    ///
    /// # Errors
    ///
    /// See [`TensorInfo::read`].
    pub(super) fn read_blocks(
        &self,
        row: usize,
        receive: &mut dyn FnMut(&[f32]),
    ) -> Result<(), LoadError> {
        let mut blocks = Blocks::open(self, row)?;
        loop {
            let block = blocks.next()?;
            if block.is_empty() {
                return Ok(());
            }
            receive(block);
        }
    }

    /// Whether another tensor has the same shape and elements; `false` for unsupported data types.
    ///
    /// # Errors
    ///
    /// See [`TensorInfo::read`].
    pub(super) fn equals(&self, other: &Self) -> Result<bool, LoadError> {
        if self.shape != other.shape || !self.is_float() || !other.is_float() {
            return Ok(false);
        }
        let [mut ours, mut theirs] = [Blocks::open(self, 1)?, Blocks::open(other, 1)?];
        loop {
            let (block, same) = (ours.next()?, theirs.next()?);
            if block.is_empty() || block != same {
                return Ok(block == same);
            }
        }
    }
}

/// Reads a tensor block by block, so that a block is still in the CPU cache when it is used.
struct Blocks<'a> {
    info: &'a TensorInfo,
    file: File,
    /// Elements per block.
    size: usize,
    /// Remaining elements.
    left: usize,
    bytes: Vec<u8>,
    values: Vec<f32>,
}

impl<'a> Blocks<'a> {
    /// The target number of elements per block.
    const SIZE: usize = 1 << 16;

    /// The minimum number of rows per block: transposing writes this many elements at once.
    const ROWS: usize = 16;

    fn open(info: &'a TensorInfo, row: usize) -> Result<Self, LoadError> {
        let in_context = |source| LoadError::Read { path: info.file.clone(), source };
        let mut file = File::open(&info.file).map_err(in_context)?;
        file.seek(SeekFrom::Start(info.start)).map_err(in_context)?;
        let rows = (Self::SIZE / row).next_multiple_of(Self::ROWS).max(Self::ROWS);
        let left = info.length / size_of_element(info.dtype);
        let (bytes, values) = (Vec::new(), Vec::new());
        Ok(Self { info, file, size: rows * row, left, bytes, values })
    }

    /// The next block of elements as f32; empty at the end.
    fn next(&mut self) -> Result<&[f32], LoadError> {
        let count = self.size.min(self.left);
        self.left -= count;
        if self.info.dtype == Dtype::F32 {
            self.values.resize(count, 0.0);
            read(&mut self.file, bytemuck::cast_slice_mut(&mut self.values), self.info)?;
            // The file is little-endian, so this is a no-op on most machines.
            self.values.iter_mut().for_each(|x| *x = f32::from_bits(u32::from_le(x.to_bits())));
        } else {
            self.bytes.resize(count * size_of_element(self.info.dtype), 0);
            read(&mut self.file, &mut self.bytes, self.info)?;
            decode(&self.bytes, self.info.dtype, &mut self.values);
        }
        Ok(&self.values)
    }
}

fn read(file: &mut File, into: &mut [u8], info: &TensorInfo) -> Result<(), LoadError> {
    file.read_exact(into).map_err(|source| LoadError::Read { path: info.file.clone(), source })
}

fn size_of_element(dtype: Dtype) -> usize {
    dtype.bitsize() / 8
}

/// Converts the elements of a little-endian buffer of another float type to f32.
fn decode(bytes: &[u8], dtype: Dtype, values: &mut Vec<f32>) {
    fn each<const N: usize>(bytes: &[u8], values: &mut Vec<f32>, element: impl Fn([u8; N]) -> f32) {
        values.clear();
        values.extend(bytes.as_chunks::<N>().0.iter().map(|chunk| element(*chunk)));
    }
    match dtype {
        Dtype::F64 => each(bytes, values, |chunk| f64::from_le_bytes(chunk) as f32),
        Dtype::F16 => {
            // Converting with SIMD is six times as fast as one element at a time.
            let halves = bytes.as_chunks().0.iter().map(|chunk| f16::from_le_bytes(*chunk));
            let halves: Vec<f16> = halves.collect();
            values.resize(halves.len(), 0.0);
            halves.convert_to_f32_slice(values);
        }
        Dtype::BF16 => each(bytes, values, |chunk| bf16::from_le_bytes(chunk).to_f32()),
        other => unreachable!("{other:?} was rejected before"),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::HashMap;

    use safetensors::tensor::View;

    use super::*;
    use crate::checkpoint::read_safetensors;

    /// A tensor of any data type.
    struct Other {
        dtype: Dtype,
        shape: [usize; 1],
        bytes: Vec<u8>,
    }

    impl View for &Other {
        fn dtype(&self) -> Dtype {
            self.dtype
        }

        fn shape(&self) -> &[usize] {
            &self.shape
        }

        fn data(&self) -> Cow<'_, [u8]> {
            Cow::Borrowed(&self.bytes)
        }

        fn data_len(&self) -> usize {
            self.bytes.len()
        }
    }

    #[test]
    fn every_float_type_is_read() {
        // More than one block; all values are 8-bit integers, which every type represents exactly.
        let values: Vec<f32> = (0..70_001_u32).map(|i| (i % 251) as f32 - 100.0).collect();
        let tensor = |dtype, bytes| Other { dtype, shape: [values.len()], bytes };
        fn bytes<const N: usize>(values: &[f32], of: impl Fn(f32) -> [u8; N]) -> Vec<u8> {
            values.iter().flat_map(|value| of(*value)).collect()
        }
        let tensors = HashMap::from([
            ("f64", tensor(Dtype::F64, bytes(&values, |x| f64::from(x).to_le_bytes()))),
            ("f32", tensor(Dtype::F32, bytes(&values, f32::to_le_bytes))),
            ("f16", tensor(Dtype::F16, bytes(&values, |x| f16::from_f32(x).to_le_bytes()))),
            ("bf16", tensor(Dtype::BF16, bytes(&values, |x| bf16::from_f32(x).to_le_bytes()))),
        ]);
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("floats.safetensors");
        std::fs::write(&file, safetensors::serialize(&tensors, None).expect("a file's bytes"))
            .expect("a file");
        let found = read_safetensors(&file).expect("floats");
        assert_eq!(found.len(), 4);
        for (key, tensor) in found {
            assert!(tensor.values == values, "{key}");
        }
    }
}
