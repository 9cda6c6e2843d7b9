//! Operations of our own, each beside the plain composition that it must equal.
//!
//! A layer asks for one, and composes Burn's operations where it is told that there is none: on other
//! backends, in other formats, where gradients are wanted, for other shapes. An operation is here because
//! a benchmark is faster with it.

pub mod few_rows;

#[cfg(feature = "flex")]
mod crew;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "flex")]
mod streaming;

/// Without the backend there is nothing to compute with it.
#[cfg(not(feature = "flex"))]
mod flex {
    use super::few_rows::Weights;
    use burn::tensor::Tensor;

    pub(super) fn linear<const D: usize, const N: usize>(
        _: &Tensor<D>,
        _: &[Weights; N],
    ) -> Option<[Tensor<D>; N]> {
        None
    }
}
