//! Features split into heads, and merged again.

use burn::tensor::Tensor;

/// # Shapes
///
/// - `x`: `[batch, seq, n_heads · d_head]`
/// - result: `[batch, n_heads, seq, d_head]`
pub(super) fn split_heads(x: Tensor<3>, d_head: usize) -> Tensor<4> {
    let [batch, seq, width] = x.dims();
    x.reshape([batch, seq, width / d_head, d_head]).swap_dims(1, 2)
}

/// # Shapes
///
/// - `x`: `[batch, n_heads, seq, d_head]`
/// - result: `[batch, seq, n_heads · d_head]`
pub(super) fn merge_heads(x: Tensor<4>) -> Tensor<3> {
    let [batch, n_heads, seq, d_head] = x.dims();
    x.swap_dims(1, 2).reshape([batch, seq, n_heads * d_head])
}
