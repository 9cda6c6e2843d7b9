//! A stub of `flex` for builds without that backend.

use burn::tensor::Tensor;

use super::dropout::Dropout;
use super::linear::Weights;

pub(super) fn factors(_: Dropout, _: usize) -> Option<Vec<f32>> {
    None
}

pub(super) fn skinny_gemm<const D: usize, const N: usize>(
    _: &Tensor<D>,
    _: &[Weights; N],
) -> Option<[Tensor<D>; N]> {
    None
}

pub(super) fn keep() {}
