//! Finds the custom kernels of the backend that holds a tensor.

use crate::backend::BackendKind;
use crate::gradient::Any;
use crate::ops::kernels::Kernels;

/// The kernels of the backend that holds these tensors, if they support all of them.
pub(crate) fn kernels<'a>(
    tensors: impl IntoIterator<Item = &'a Any, IntoIter: Clone>,
) -> Option<&'static Kernels> {
    let mut tensors = tensors.into_iter();
    let all = tensors.clone();
    let kernels = kernels_beside(tensors.next()?)?;
    all.into_iter().all(kernels.is_here).then_some(kernels)
}

/// The kernels of the backend that holds a tensor, whether or not they support its dtype.
pub(crate) fn kernels_beside(x: &Any) -> Option<&'static Kernels> {
    match BackendKind::of(x)? {
        #[cfg(feature = "flex")]
        BackendKind::Flex => Some(&crate::flex::KERNELS),
        #[cfg(feature = "tch")]
        BackendKind::LibTorch => Some(&crate::libtorch::KERNELS),
        #[cfg(any(feature = "ndarray", feature = "cube"))]
        _ => None,
    }
}
