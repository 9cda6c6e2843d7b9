//! Which backend holds a tensor, and what operations of our own it has.

#![allow(deprecated, reason = "two backends are, which are supported all the same")]

use burn::backend::DispatchTensorKind;
use burn::tensor::Device;

use super::adamw::Update;
use super::attention::SdpaParams;
use super::cross_entropy::Classes;
use super::elementwise::ActivationKind;
use super::gradient::Any;
use super::linear::Linear;
use super::norm::Norm;

/// The backends whose tensors with gradients are known here.
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

/// What a backend computes by operations of its own. Those that give `None` do so where settings are not for
/// them, but for Burn's operations.
pub(super) struct Operations {
    /// Whether a tensor is one of theirs: in their memory and in their format, with gradients or without.
    pub(super) is_here: fn(&Any) -> bool,
    /// Whether a matrix is one that they keep in 16 bits, and multiply with 32-bit floats as if it were in 32:
    /// nobody wants gradients of it.
    pub(super) upcasts: fn(&Any) -> bool,
    /// Whether one of theirs lies in the host's memory.
    pub(super) is_on_the_host: fn(&Any) -> bool,
    pub(super) attention: fn(&[Any; 3], &Option<Any>, &SdpaParams) -> Option<Any>,
    /// Whether their attention drops weights.
    pub(super) attention_drops: bool,
    pub(super) cross_entropy_sum: fn(Any, &Classes) -> Any,
    pub(super) activation: fn(ActivationKind, Any) -> Any,
    /// With a seed that the device decides.
    pub(super) dropout: fn(Any, f64, &Device) -> Any,
    pub(super) gated_activation: fn(ActivationKind, [Any; 2]) -> Any,
    pub(super) linear: Linear,
    pub(super) norm: fn(Norm, Any, Scale) -> Option<Any>,
    pub(super) step: fn([Any; 3], Any, Update) -> [Any; 3],
    /// Of a tensor without gradients.
    pub(super) sum_of_squares: fn(Any) -> Any,
}

/// What a tensor is multiplied by, and what is added then.
pub(super) type Scale = (Any, Option<Any>);

/// The operations of the backend that holds these tensors, if it has some for all of them.
pub(super) fn operations<'a>(
    tensors: impl IntoIterator<Item = &'a Any, IntoIter: Clone>,
) -> Option<&'static Operations> {
    let mut tensors = tensors.into_iter();
    let all = tensors.clone();
    let operations = BackendKind::of(tensors.next()?)?.operations()?;
    all.into_iter().all(operations.is_here).then_some(operations)
}
