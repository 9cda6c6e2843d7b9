//! [`squares`](crate::kernels::squares) where tensors lie in the host's memory.

use burn::backend::DispatchAutodiffContext;

use super::host::{PART, any, contiguous, empty, in_parallel, is_here, numbers, vectorized};
use super::math::squares;
use crate::kernels::gradient::Any;

/// See [`sum_of_squares`](crate::kernels::squares::sum_of_squares).
pub(in crate::kernels) fn sum_of_squares(x: &Any) -> Option<Any> {
    if !is_here(x) || x.autodiff != DispatchAutodiffContext::Disabled {
        return None;
    }
    let x = contiguous(x.clone());
    let values = numbers(&x);
    let sums = in_parallel(values.len().div_ceil(PART), |index| {
        let own = &values[index * PART..values.len().min((index + 1) * PART)];
        f64::from(vectorized(|| squares(own, 0.0)))
    });
    let mut sum = empty(&[1]);
    sum.storage_mut::<f32>()[0] = sums.iter().sum::<f64>() as f32;
    Some(any(sum))
}
