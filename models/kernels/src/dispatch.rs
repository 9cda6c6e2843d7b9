//! Finds the backend that holds a tensor, and its custom kernels.

#![allow(deprecated, reason = "two supported backends are deprecated")]

use burn::backend::DispatchTensorKind;
use burn::tensor::Device;

use super::adamw::Update;
use super::attention::SdpaParams;
use super::cross_entropy::Classes;
use super::elementwise::ActivationKind;
use super::gradient::Any;
use super::linear::Linear;
use super::norm::NormParams;

/// The backends on which custom operations can be recorded for autodiff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BackendKind {
    #[cfg(feature = "flex")]
    Flex,
    #[cfg(feature = "ndarray")]
    NdArray,
    #[cfg(feature = "tch")]
    LibTorch,
    #[cfg(feature = "cube")]
    Cube,
}

impl BackendKind {
    /// The backend that holds a tensor, with gradients or without.
    pub(super) fn of(x: &Any) -> Option<Self> {
        let kind = match &x.kind {
            DispatchTensorKind::Autodiff(kind) => kind,
            kind => kind,
        };
        match kind {
            #[cfg(feature = "flex")]
            DispatchTensorKind::Flex(_) => Some(Self::Flex),
            #[cfg(feature = "ndarray")]
            DispatchTensorKind::NdArray(_) => Some(Self::NdArray),
            #[cfg(feature = "tch")]
            DispatchTensorKind::LibTorch(_) => Some(Self::LibTorch),
            #[cfg(feature = "cube")]
            DispatchTensorKind::Cube(_) => Some(Self::Cube),
            _ => None,
        }
    }

    pub(super) fn operations(self) -> Option<&'static Operations> {
        match self {
            #[cfg(feature = "flex")]
            Self::Flex => Some(&super::flex::OPERATIONS),
            #[cfg(feature = "tch")]
            Self::LibTorch => Some(&super::libtorch::OPERATIONS),
            #[cfg(any(feature = "ndarray", feature = "cube"))]
            _ => None,
        }
    }
}

/// The custom kernels of a backend. A kernel that returns an `Option` returns `None` for parameters
/// that it does not support; Burn's operations are used instead.
pub(super) struct Operations {
    /// Whether a tensor is on this backend and in its dtype, with or without gradients.
    pub(super) is_here: fn(&Any) -> bool,
    /// Whether a matrix is stored in half precision and upcast to f32 in products; it has no
    /// gradients.
    pub(super) upcasts: fn(&Any) -> bool,
    /// Whether a tensor of this backend is in host memory.
    pub(super) is_on_the_host: fn(&Any) -> bool,
    pub(super) attention: fn(&[Any; 3], &Option<Any>, &SdpaParams) -> Option<Any>,
    /// Whether the attention kernel supports dropout.
    pub(super) attention_drops: bool,
    pub(super) cross_entropy_sum: fn(Any, &Classes) -> Any,
    pub(super) activation: fn(ActivationKind, Any) -> Any,
    /// Dropout with a seed from the device's random generator.
    pub(super) dropout: fn(Any, f64, &Device) -> Any,
    pub(super) gated_activation: fn(ActivationKind, [Any; 2]) -> Any,
    pub(super) linear: Linear,
    pub(super) norm: fn(NormParams, Any, Scale) -> Option<Any>,
    pub(super) step: fn([Any; 3], Any, Update) -> [Any; 3],
    /// The sum of squares of a tensor without gradients.
    pub(super) sum_of_squares: fn(Any) -> Any,
}

/// A scale, and a shift that is added after it.
pub(super) type Scale = (Any, Option<Any>);

/// The kernels of the backend that holds these tensors, if they support all of them.
pub(super) fn operations<'a>(
    tensors: impl IntoIterator<Item = &'a Any, IntoIter: Clone>,
) -> Option<&'static Operations> {
    let mut tensors = tensors.into_iter();
    let all = tensors.clone();
    let operations = BackendKind::of(tensors.next()?)?.operations()?;
    all.into_iter().all(operations.is_here).then_some(operations)
}
