//! Tensors on their way from or to a file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use safetensors::tensor::Dtype;

use super::LoadError;

/// A tensor of 32-bit floats on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct F32Tensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements, row by row.
    pub values: Vec<f32>,
}

/// Where a tensor lies.
#[derive(Debug, Clone)]
pub struct TensorInfo {
    /// The file.
    pub file: PathBuf,
    /// The type of its elements.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Bytes from the file's start.
    pub(super) start: u64,
    /// Bytes.
    pub(super) length: usize,
}

impl TensorInfo {
    /// Whether the elements are floats of a kind that is read.
    pub fn is_float(&self) -> bool {
        matches!(self.dtype, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::BF16)
    }

    /// The elements as 32-bit floats, row by row.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or that shrank since its header was.
    pub fn read(&self) -> Result<Vec<f32>, LoadError> {
        let mut values = Vec::with_capacity(self.shape.iter().product());
        self.read_blocks(1, &mut |block| values.extend_from_slice(block))?;
        Ok(values)
    }

    /// Hands the elements to `receive` as they are read, a whole number of rows of `row` at a time.
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

    /// Whether another tensor has the same shape and elements; both are floats then.
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

/// A tensor that is read block by block, so that what is read is still in the cache when it is
/// used.
struct Blocks<'a> {
    info: &'a TensorInfo,
    file: File,
    /// Elements of a block.
    size: usize,
    /// Elements to come.
    left: usize,
    bytes: Vec<u8>,
    values: Vec<f32>,
}

impl<'a> Blocks<'a> {
    /// Elements of a block, if the rows are not longer.
    const SIZE: usize = 1 << 16;

    /// Rows of a block, if there are more: those who transpose write as many numbers at once.
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

    /// The next elements as 32-bit floats; none at the end.
    fn next(&mut self) -> Result<&[f32], LoadError> {
        let count = self.size.min(self.left);
        self.left -= count;
        if self.info.dtype == Dtype::F32 {
            self.values.resize(count, 0.0);
            read(&mut self.file, bytemuck::cast_slice_mut(&mut self.values), self.info)?;
            // The file's order of bytes is that of most machines: nothing is done there.
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

/// Writes the elements of a little-endian buffer of other floats as 32-bit floats.
fn decode(bytes: &[u8], dtype: Dtype, values: &mut Vec<f32>) {
    fn each<const N: usize>(bytes: &[u8], values: &mut Vec<f32>, element: impl Fn([u8; N]) -> f32) {
        values.clear();
        values.extend(bytes.as_chunks::<N>().0.iter().map(|chunk| element(*chunk)));
    }
    match dtype {
        Dtype::F64 => each(bytes, values, |chunk| f64::from_le_bytes(chunk) as f32),
        Dtype::F16 => {
            // Processors convert several at once, which is six times as fast as one by one.
            let halves = bytes.as_chunks().0.iter().map(|chunk| f16::from_le_bytes(*chunk));
            let halves: Vec<f16> = halves.collect();
            values.resize(halves.len(), 0.0);
            halves.convert_to_f32_slice(values);
        }
        Dtype::BF16 => each(bytes, values, |chunk| bf16::from_le_bytes(chunk).to_f32()),
        other => unreachable!("{other:?} was refused before"),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::HashMap;

    use safetensors::tensor::View;

    use super::*;
    use crate::checkpoint::read_safetensors;

    /// A tensor of another type than 32-bit floats.
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
    fn every_type_of_float_is_read() {
        // More than a block; all are numbers of 8 bits, which every type can hold.
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
