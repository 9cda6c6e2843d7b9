//! The backend that holds a tensor.

#![allow(deprecated, reason = "two supported backends are deprecated")]

use burn::backend::{DispatchTensor, DispatchTensorKind};

/// The backends on which custom operations can be recorded for autodiff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BackendKind {
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
    pub(crate) fn of(x: &DispatchTensor) -> Option<Self> {
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
}
