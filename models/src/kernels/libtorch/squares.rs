//! [`squares`](crate::kernels::squares) by LibTorch's kernels.

use burn::backend::DispatchAutodiffContext;

use super::tensors::{any, held, is_here};
use crate::kernels::gradient::Any;

/// See [`sum_of_squares`](crate::kernels::squares::sum_of_squares).
pub(in crate::kernels) fn sum_of_squares(x: &Any) -> Option<Any> {
    if !is_here(x) || x.autodiff != DispatchAutodiffContext::Disabled {
        return None;
    }
    let x = held(x.clone()).tensor.reshape([-1]);
    Some(any(x.dot(&x).reshape([1])))
}
