//! Which backend holds a tensor, and what operations of our own it has.

#![allow(deprecated, reason = "two backends are, which are supported all the same")]

use burn::backend::DispatchTensorKind;

use super::adamw::Update;
use super::attention::Scores;
use super::cross_entropy::Classes;
use super::elementwise::Function;
use super::gradient::Any;
use super::norm::Norm;

/// The backends whose tensors with gradients are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backing {
    #[cfg(feature = "flex")]
    Flex,
    #[cfg(feature = "ndarray")]
    NdArray,
    #[cfg(feature = "tch")]
    LibTorch,
    #[cfg(feature = "cube")]
    Cube,
}

impl Backing {
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

    fn operations(self) -> Option<&'static Operations> {
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

/// What a backend computes by operations of its own. Each gives `None`, or what it was given, where that is
/// for Burn's operations to do: in other formats, or with settings that it does not know.
pub(super) struct Operations {
    pub(super) attention: fn(&[Any; 3], &Option<Any>, &Scores) -> Option<Any>,
    pub(super) cross_entropy_sum: fn(Any, &Classes) -> Option<Any>,
    pub(super) curve: fn(Function, Any) -> Option<Any>,
    pub(super) gated: fn(Function, [Any; 2]) -> Option<Any>,
    pub(super) linear: fn(Any, Scale) -> Option<Any>,
    pub(super) norm: fn(Norm, Any, Scale) -> Option<Any>,
    pub(super) step: Step,
    pub(super) sum_of_squares: fn(&Any) -> Option<Any>,
}

/// What a tensor is multiplied by, and what is added then.
pub(super) type Scale = (Any, Option<Any>);

/// Updates a parameter and its two moments.
pub(super) type Step = fn([Any; 3], Any, Update) -> Result<[Any; 3], Box<([Any; 3], Any)>>;

/// The operations of the backend that holds a tensor, if it has some.
pub(super) fn operations(x: &Any) -> Option<&'static Operations> {
    Backing::of(x)?.operations()
}
