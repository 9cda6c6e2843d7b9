//! [`squares`](crate::squares) with LibTorch's kernels.

use super::tensors::{any, held};
use crate::gradient::Any;

/// See [`sum_of_squares`](crate::squares::sum_of_squares).
pub(super) fn sum_of_squares(x: Any) -> Any {
    let x = held(x).tensor.reshape([-1]);
    any(x.dot(&x).reshape([1]))
}
