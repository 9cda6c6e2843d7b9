//! Rows of a batch: selected, and placed in larger buffers.

use burn::tensor::{Int, Tensor, TensorData};

/// Selects rows of a tensor, in this order.
pub fn select_rows<const D: usize>(x: Tensor<D>, rows: &[usize]) -> Tensor<D> {
    if rows.iter().copied().eq(0..x.dims()[0]) {
        return x;
    }
    let values: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
    let index: Tensor<1, Int> =
        Tensor::from_data(TensorData::new(values, [rows.len()]), &x.device());
    x.select(0, index)
}

/// The rows of two tensors, one below the other.
pub(super) fn stacked<const D: usize>(above: Tensor<D>, below: Tensor<D>) -> Tensor<D> {
    Tensor::cat(vec![above, below], 0)
}

/// A buffer of zeros with room for `room` positions that holds `part` from position `start` on.
///
/// # Shapes
///
/// - `part`: `[batch, heads, seq, d_head]`
/// - result: `[batch, heads, room, d_head]`
pub(super) fn placed(part: Tensor<4>, start: usize, room: usize) -> Tensor<4> {
    let [batch, heads, count, d_head] = part.dims();
    let options = (&part.device(), part.dtype());
    let buffer = Tensor::zeros([batch, heads, room, d_head], options);
    buffer.slice_assign([0..batch, 0..heads, start..start + count, 0..d_head], part)
}
