//! [`squares`](crate::squares) for tensors in host memory.

use super::host::{PART, any, contiguous, empty, f32_slice, in_parallel, vectorized};
use super::math::squares;
use crate::gradient::Any;

/// See [`sum_of_squares`](crate::squares::sum_of_squares).
pub(super) fn sum_of_squares(x: Any) -> Any {
    let x = contiguous(x);
    let values = f32_slice(&x);
    let sums = in_parallel(values.len().div_ceil(PART), |index| {
        let own = &values[index * PART..values.len().min((index + 1) * PART)];
        f64::from(vectorized(|| squares(own, 0.0)))
    });
    let mut sum = empty(&[1]);
    sum.storage_mut::<f32>()[0] = sums.iter().sum::<f64>() as f32;
    any(sum)
}
