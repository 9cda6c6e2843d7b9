//! Number formats: what weights and hidden states are held in, and what is computed in 32 bits all the
//! same.

use std::fmt;
use std::str::FromStr;

use burn::tensor::{DType, FloatDType, Tensor};
use serde::{Deserialize, Serialize};

/// The format of a model's matrices, and of what is multiplied by them.
///
/// In the two half formats the residual stream, norms, positions, the softmax of attention,
/// activations and losses are still 32-bit floats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 8 bits of exponent, 24 of precision.
    #[default]
    F32,
    /// 5 bits of exponent, 11 of precision: IEEE 754's half.
    F16,
    /// 8 bits of exponent, 8 of precision.
    Bf16,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Bf16];

    /// Burn's name of it.
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

/// As [`Precision`] is displayed.
impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|precision| precision.to_string() == text);
        found.ok_or_else(|| format!("{text:?} is none of f32, f16, bf16"))
    }
}

/// Computes in 32-bit floats, whatever the format of `x`, and gives the result in that format.
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

/// A tensor's elements, row after row, as f32; they are not copied where they are there already.
///
/// # Panics
///
/// Panics if the device cannot read them.
pub fn to_vec_f32<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    let values = x.into_data().try_into_vec_as();
    values.unwrap_or_else(|error| panic!("a tensor cannot be read: {error}"))
}

/// The same numbers in 32-bit floats.
pub fn to_f32<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.cast(FloatDType::F32)
}
