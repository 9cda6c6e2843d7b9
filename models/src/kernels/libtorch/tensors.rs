//! Tensors that LibTorch holds.

use burn::backend::libtorch::TchTensor;
use burn::backend::{
    BackendTensor, DispatchAutodiffContext, DispatchKindConversion, DispatchTensorKind, LibTorch,
};
use tch::{Device, Kind, Tensor};

use crate::kernels::gradient::Any;

/// What LibTorch holds, with gradients or without.
fn seen(x: &Any) -> Option<&Tensor> {
    let kind = match &x.kind {
        DispatchTensorKind::Autodiff(kind) => kind,
        kind => kind,
    };
    match kind {
        DispatchTensorKind::LibTorch(BackendTensor::Float(tensor)) => Some(&tensor.tensor),
        DispatchTensorKind::LibTorch(BackendTensor::Autodiff(tensor)) => {
            Some(&tensor.primitive().tensor)
        }
        _ => None,
    }
}

/// Whether a tensor is LibTorch's and holds 32-bit floats, with gradients or without.
pub(super) fn is_here(x: &Any) -> bool {
    seen(x).is_some_and(|tensor| tensor.kind() == Kind::Float)
}

/// Whether it lies in the host's memory.
pub(super) fn is_on_the_host(x: &Any) -> bool {
    seen(x).is_some_and(|tensor| tensor.device() == Device::Cpu)
}

/// A tensor of LibTorch's.
///
/// # Panics
///
/// Panics if it is not one of floats without gradients; see [`is_here`].
pub(super) fn held(x: Any) -> TchTensor {
    assert_eq!(x.autodiff, DispatchAutodiffContext::Disabled, "a tensor without gradients");
    match <Any as DispatchKindConversion<LibTorch>>::try_into_backend(x) {
        Ok(tensor) => tensor.float(),
        Err(error) => panic!("a tensor of LibTorch's: {error}"),
    }
}

/// A result that shares its memory with nothing, as a tensor of any backend.
pub(super) fn any(tensor: Tensor) -> Any {
    shared(TchTensor::new(tensor))
}

/// The same for one whose memory others may hold.
pub(super) fn shared(tensor: TchTensor) -> Any {
    <Any as DispatchKindConversion<LibTorch>>::from_backend(BackendTensor::Float(tensor))
}

/// A tensor in one piece that nobody else holds, with the same numbers; it is copied where it was.
pub(super) fn owned(x: Any) -> TchTensor {
    let x = held(x);
    if x.can_mut() && x.tensor.is_contiguous() {
        return x;
    }
    let mut copy = Tensor::empty(x.tensor.size(), (x.tensor.kind(), x.tensor.device()));
    copy.copy_(&x.tensor);
    TchTensor::new(copy)
}
