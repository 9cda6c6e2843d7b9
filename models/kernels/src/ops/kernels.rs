//! The table of kernels that a backend fills.

use burn::tensor::Device;

use super::adamw::{AdamWTensors, AdamWUpdate};
use super::attention::{SdpaInputs, SdpaParams};
use super::cross_entropy::Classes;
use super::elementwise::ActivationKind;
use super::linear::LinearKernels;
use super::norm::NormParams;
use crate::gradient::Any;

/// The custom kernels of a backend. A kernel that returns an `Option` returns `None` for parameters
/// that it does not support; Burn's operations are used instead.
pub(crate) struct Kernels {
    /// Whether a tensor is on this backend and in its dtype, with or without gradients.
    pub(crate) is_here: fn(&Any) -> bool,
    /// Whether a matrix is stored in half precision and upcast to f32 in products; it has no
    /// gradients.
    pub(crate) upcasts: fn(&Any) -> bool,
    /// Whether a tensor of this backend is in host memory.
    pub(crate) is_on_the_host: fn(&Any) -> bool,
    pub(crate) attention: fn(&SdpaInputs<Any>, &SdpaParams) -> Option<Any>,
    /// Whether the attention kernel supports dropout.
    pub(crate) attention_drops: bool,
    pub(crate) cross_entropy_sum: fn(scores: Any, &Classes) -> Any,
    pub(crate) activation: fn(ActivationKind, x: Any) -> Any,
    /// Dropout with a seed from the device's random generator.
    pub(crate) dropout: fn(x: Any, probability: f64, &Device) -> Any,
    pub(crate) gated_activation: fn(ActivationKind, gate: Any, up: Any) -> Any,
    pub(crate) linear: LinearKernels,
    pub(crate) norm: fn(NormParams, x: Any, gamma: Any, beta: Option<Any>) -> Option<Any>,
    pub(crate) step: fn(AdamWTensors<Any>, gradient: Any, AdamWUpdate) -> AdamWTensors<Any>,
    /// The sum of squares of a tensor without gradients.
    pub(crate) sum_of_squares: fn(Any) -> Any,
}
