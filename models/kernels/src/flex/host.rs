//! Tensors in host memory, and loops over them with all cores and the widest vector instructions.

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use burn::backend::{
    BackendTensor, DispatchAutodiffContext, DispatchKindConversion, DispatchTensorKind, Flex,
};
use burn::tensor::{DType, TensorData};
use macerator::{AutoArch, Simd, WithSimd};
use rayon::prelude::*;

use crate::gradient::Any;

/// The minimum number of elements for multiple threads.
const MIN_PARALLEL: usize = 1 << 14;

/// Elements of a part of a longer loop. It is independent of the number of threads, so that sums
/// are, too.
pub(super) const PART: usize = 1 << 13;

/// Whether a tensor is f32 in host memory, with or without gradients.
pub(super) fn is_here(x: &Any) -> bool {
    dtype(x) == Some(DType::F32)
}

/// Whether a tensor is bf16 in host memory, without gradients.
pub(super) fn is_half(x: &Any) -> bool {
    x.autodiff == DispatchAutodiffContext::Disabled && dtype(x) == Some(DType::BF16)
}

/// The dtype of a float tensor in host memory.
fn dtype(x: &Any) -> Option<DType> {
    let kind = match &x.kind {
        DispatchTensorKind::Autodiff(kind) => kind,
        kind => kind,
    };
    let DispatchTensorKind::Flex(tensor) = kind else { return None };
    match tensor {
        BackendTensor::Float(tensor) => Some(tensor.dtype()),
        BackendTensor::Autodiff(tensor) => Some(tensor.primitive().dtype()),
        _ => None,
    }
}

/// Converts to a tensor in host memory.
///
/// # Panics
///
/// Panics if it is not a float tensor without gradients; see [`is_here`].
pub(super) fn host(x: Any) -> FlexTensor {
    assert_eq!(x.autodiff, DispatchAutodiffContext::Disabled, "the tensor must have no gradients");
    match <Any as DispatchKindConversion<Flex>>::try_into_backend(x) {
        Ok(tensor) => tensor.float(),
        Err(error) => panic!("not a tensor in host memory: {error}"),
    }
}

/// Converts to a tensor of any backend.
pub(super) fn any(tensor: FlexTensor) -> Any {
    <Any as DispatchKindConversion<Flex>>::from_backend(BackendTensor::Float(tensor))
}

/// A tensor of shape `dims`, to be written.
pub(super) fn empty(dims: &[usize]) -> FlexTensor {
    // `FlexTensor::empty` allocates bytes and copies them to aligned memory.
    let count = dims.iter().product();
    FlexTensor::from_data(TensorData::new(vec![0.0_f32; count], dims.to_vec()))
}

/// A contiguous tensor; copies if it is not contiguous.
pub(super) fn contiguous(x: Any) -> FlexTensor {
    let x = host(x);
    if x.is_contiguous() { x } else { x.to_contiguous() }
}

/// The elements of a contiguous tensor.
pub(super) fn f32_slice(x: &FlexTensor) -> &[f32] {
    let start = x.layout().start_offset();
    &x.storage::<f32>()[start..start + x.layout().num_elements()]
}

/// The same tensor in memory that is not shared; copies if it was shared.
pub(super) fn owned(x: Any) -> FlexTensor {
    let x = host(x);
    // Contiguous, and with no other elements in its memory.
    let own = x.to_contiguous();
    drop(x);
    own
}

/// Runs `work`, compiled for the widest vector instructions of the processor. Functions that it
/// calls in loops must be inlined.
#[inline(always)]
pub(super) fn vectorized<T>(work: impl FnOnce() -> T) -> T {
    struct Work<F>(F);
    impl<T, F: FnOnce() -> T> WithSimd for Work<F> {
        type Output = T;

        #[inline(always)]
        fn with_simd<S: Simd>(self) -> T {
            (self.0)()
        }
    }
    AutoArch::new().dispatch(Work(work))
}

/// Writes parts of `into` with all threads, `part` elements each; `work` receives the range of a
/// part.
pub(super) fn write_parts(
    into: &mut [f32],
    part: usize,
    work: impl Fn(Range<usize>, &mut [f32]) + Sync,
) {
    let write = |(index, into): (usize, &mut [f32])| {
        work(index * part..index * part + into.len(), into);
    };
    if into.len() < MIN_PARALLEL {
        into.chunks_mut(part).enumerate().for_each(write);
    } else {
        into.par_chunks_mut(part).enumerate().for_each(write);
    }
}

/// Writes parts of three slices of the same length, as [`write_parts`] does for one.
pub(super) fn write_all(
    into: [&mut [f32]; 3],
    work: impl Fn(Range<usize>, [&mut [f32]; 3]) + Sync,
) {
    let length = into[0].len();
    let [a, b, c] = into;
    type Zipped<'a> = (usize, ((&'a mut [f32], &'a mut [f32]), &'a mut [f32]));
    let write = |(index, ((a, b), c)): Zipped<'_>| {
        work(index * PART..index * PART + a.len(), [a, b, c]);
    };
    if length < MIN_PARALLEL {
        let parts = a.chunks_mut(PART).zip(b.chunks_mut(PART)).zip(c.chunks_mut(PART));
        parts.enumerate().for_each(write);
    } else {
        let parts = a.par_chunks_mut(PART).zip(b.par_chunks_mut(PART)).zip(c.par_chunks_mut(PART));
        parts.enumerate().for_each(write);
    }
}

/// The number of elements of a part of about [`PART`] elements that consists of whole rows of
/// `width`.
pub(super) fn part_of_rows(width: usize) -> usize {
    (PART / width.max(1)).max(1) * width
}

/// The results of `work` for each of `0..count`, computed with all threads.
pub(super) fn in_parallel<T: Send>(
    count: usize,
    work: impl Fn(usize) -> T + Sync + Send,
) -> Vec<T> {
    (0..count).into_par_iter().with_max_len(1).map(work).collect()
}

/// The sum of several vectors, added in order.
pub(super) fn add_up(width: usize, vectors: Vec<Vec<f32>>) -> FlexTensor {
    let mut sum = empty(&[width]);
    let sums = sum.storage_mut::<f32>();
    for vector in vectors {
        sums.iter_mut().zip(vector).for_each(|(sum, more)| *sum += more);
    }
    sum
}
