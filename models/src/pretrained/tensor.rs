//! Tensors on their way from or to a file.

use std::borrow::Cow;

use safetensors::tensor::{Dtype, View};

/// A tensor of 32-bit floats on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct F32Tensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements, row by row.
    pub values: Vec<f32>,
}

impl View for &F32Tensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        size_of_val(self.values.as_slice())
    }
}
