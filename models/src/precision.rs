//! Float formats: the dtype of weights and hidden states, and the operations that are always
//! computed in f32.

use std::fmt;
use std::str::FromStr;

use burn::tensor::{DType, FloatDType, Tensor};
use serde::{Deserialize, Serialize};

/// The format of a model's weight matrices and of the inputs of matrix products.
///
/// With the two half-precision formats, the residual stream, norms, positions, the attention
/// softmax, activations and losses are still f32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 8 exponent bits, 24 significand bits.
    #[default]
    F32,
    /// 5 exponent bits, 11 significand bits: IEEE 754 half precision.
    F16,
    /// 8 exponent bits, 8 significand bits.
    Bf16,
}

impl Precision {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Bf16];

    /// The corresponding Burn dtype.
    pub fn dtype(self) -> FloatDType {
        match self {
            Self::F32 => FloatDType::F32,
            Self::F16 => FloatDType::F16,
            Self::Bf16 => FloatDType::BF16,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        })
    }
}

/// Parses the output of [`Precision`]'s `Display`.
impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|precision| precision.to_string() == text);
        found.ok_or_else(|| format!("{text:?} is not one of f32, f16, bf16"))
    }
}

/// Computes in f32 and casts the result back to the dtype of `x`.
pub fn in_f32<const D: usize>(
    x: Tensor<D>,
    compute: impl FnOnce(Tensor<D>) -> Tensor<D>,
) -> Tensor<D> {
    let dtype = x.dtype();
    if dtype == DType::F32 {
        return compute(x);
    }
    compute(x.cast(FloatDType::F32)).cast(dtype)
}

/// A tensor's elements in row-major order, as f32; does not copy if they are f32 in host memory.
///
/// # Panics
///
/// Panics if reading from the device fails.
pub fn to_vec_f32<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    let values = x.into_data().try_into_vec_as();
    values.unwrap_or_else(|error| panic!("failed to read a tensor: {error}"))
}

/// Casts to f32.
pub fn to_f32<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.cast(FloatDType::F32)
}
