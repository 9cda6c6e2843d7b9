//! Products with matrices that are stored in bf16, for more vectors than
//! [`skinny_gemm`](super::skinny_gemm) supports.

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use half::bf16;

use super::host::{in_parallel, vectorized, write_parts};
use super::product::{Layout, Matrix, MatrixMut, Onto, Threads, multiply, stride};
use super::registers::Number;

/// Matrix elements that a thread upcasts to f32 at a time: one megabyte, about the size of its
/// cache.
const WIDENED: usize = 1 << 18;

/// The granularity of parts, in columns. A part has more columns than this if possible, because a
/// product with fewer columns uses another order of summation.
const COLUMNS: usize = 64;

/// Parts per thread that are computed before their results are written.
const SHARES: usize = 4;

/// `into <- x W` or `into <- into + x W`; the rows of `into` are contiguous.
///
/// Each thread processes a block of columns at a time: it upcasts them to f32 and multiplies while
/// they are in its cache. The result does not depend on the number of threads.
pub(super) fn multiply_widened(into: &mut [f32], x: Matrix<'_>, weight: &FlexTensor, onto: Onto) {
    let weight =
        if weight.layout().strides().contains(&1) { weight } else { &weight.to_contiguous() };
    let [depth, width] = [0, 1].map(|dim| weight.layout().shape()[dim]);
    if into.is_empty() {
        return;
    }
    let rows = into.len() / width;
    let threads = rayon::current_num_threads();
    let groups = width.div_ceil(COLUMNS);
    let parts = (width * depth).div_ceil(WIDENED).next_multiple_of(threads);
    let parts = parts.clamp(1, (groups / 2).max(1));
    let columns = |part: usize| {
        let [start, end] = [part, part + 1].map(|part| part * groups / parts * COLUMNS);
        start..end.min(width)
    };
    let of_part = |part: usize| {
        let columns = columns(part);
        let mut product = vec![0.0; rows * columns.len()];
        let wide = Wide::of(weight, columns.clone());
        let into = MatrixMut { values: &mut product, stride: columns.len() };
        multiply(into, x, wide.matrix(), Onto::Replace, Threads::One);
        product
    };
    let at_once = SHARES * threads;
    for start in (0..parts).step_by(at_once) {
        let products = in_parallel(at_once.min(parts - start), |part| of_part(start + part));
        write_parts(into, width, |at, into| {
            for (part, product) in products.iter().enumerate() {
                let into = &mut into[columns(start + part)];
                let product = &product[at.start / width * into.len()..][..into.len()];
                match onto {
                    Onto::Replace => into.copy_from_slice(product),
                    Onto::Add => into.iter_mut().zip(product).for_each(|(sum, more)| *sum += more),
                }
            }
        });
    }
}

/// Some columns of a matrix, upcast to f32.
struct Wide {
    values: Vec<f32>,
    layout: Layout,
}

impl Wide {
    fn of(weight: &FlexTensor, columns: Range<usize>) -> Self {
        let halves = weight.storage::<bf16>();
        let depth = weight.layout().shape()[0];
        let strides = [0, 1].map(|dim| stride(weight, dim));
        let count = columns.len();
        let mut values = vec![0.0; count * depth];
        // Row-major or column-major, like the source.
        let (line, apart, layout) = if strides[1] == 1 {
            (count, strides[0], Layout::rows([depth, count]))
        } else {
            (depth, strides[1], Layout { size: [depth, count], strides: [1, depth] })
        };
        let start = weight.layout().start_offset() + columns.start * strides[1];
        vectorized(|| {
            for (index, wide) in values.chunks_exact_mut(line.max(1)).enumerate() {
                let halves = &halves[start + index * apart..][..line];
                for (wide, half) in wide.iter_mut().zip(halves) {
                    *wide = half.widen();
                }
            }
        });
        Self { values, layout }
    }

    fn matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.values, self.layout)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, FloatDType, TensorData};

    use crate::linear::{LinearWeights, linear};
    use crate::testing::random;

    #[test]
    fn result_is_independent_of_the_number_of_threads() {
        let device = Device::flex();
        for (rows, width) in [(1, 1000), (17, 1000), (17, 1090), (200, 1090), (200, 100)] {
            let x = random([rows, 700], &device);
            let weight = random([width, 700], &device).transpose().cast(FloatDType::BF16);
            let weights = LinearWeights::without_bias(weight);
            let with = |threads: usize| -> TensorData {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let product = pool.expect("a pool").install(|| linear(&x, &weights));
                product.expect("a kernel").into_data()
            };
            let one = with(1);
            for threads in [2, 5, 16] {
                assert_eq!(with(threads), one, "{rows} rows, {width} columns, {threads} threads");
            }
        }
    }
}
