//! LibTorch tensors.

use burn::backend::libtorch::TchTensor;
use burn::backend::{
    BackendTensor, DispatchAutodiffContext, DispatchKindConversion, DispatchTensorKind, LibTorch,
};
use tch::{Device, Kind, Tensor};

use crate::gradient::Any;

/// The LibTorch tensor of `x`, with or without gradients.
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

/// Whether a tensor is f32 on LibTorch, with or without gradients.
pub(super) fn is_here(x: &Any) -> bool {
    seen(x).is_some_and(|tensor| tensor.kind() == Kind::Float)
}

/// Whether it is in host memory.
pub(super) fn is_on_the_host(x: &Any) -> bool {
    seen(x).is_some_and(|tensor| tensor.device() == Device::Cpu)
}

/// Converts to a LibTorch tensor.
///
/// # Panics
///
/// Panics if it is not a float tensor without gradients; see [`is_here`].
pub(super) fn held(x: Any) -> TchTensor {
    assert_eq!(x.autodiff, DispatchAutodiffContext::Disabled, "the tensor must have no gradients");
    match <Any as DispatchKindConversion<LibTorch>>::try_into_backend(x) {
        Ok(tensor) => tensor.float(),
        Err(error) => panic!("not a LibTorch tensor: {error}"),
    }
}

/// Converts a result whose memory is not shared to a tensor of any backend.
pub(super) fn any(tensor: Tensor) -> Any {
    shared(TchTensor::new(tensor))
}

/// The same for a tensor whose memory may be shared.
pub(super) fn shared(tensor: TchTensor) -> Any {
    <Any as DispatchKindConversion<LibTorch>>::from_backend(BackendTensor::Float(tensor))
}

/// The same tensor, contiguous and in memory that is not shared; copies if it was shared.
pub(super) fn owned(x: Any) -> TchTensor {
    let x = held(x);
    if x.can_mut() && x.tensor.is_contiguous() {
        return x;
    }
    let mut copy = Tensor::empty(x.tensor.size(), (x.tensor.kind(), x.tensor.device()));
    copy.copy_(&x.tensor);
    TchTensor::new(copy)
}
