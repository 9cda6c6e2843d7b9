//! Products of a few vectors with matrices, split into parts that read each matrix from memory
//! once.

use std::ops::Range;

use macerator::{AutoArch, Simd, WithSimd};

use super::group::Group;
use super::weight_matrix::{Order, WeightMatrix};

/// The number of vectors that an element of the matrix is multiplied by while it is in a register.
const GROUP: usize = 8;

/// The minimum number of rows of a part.
const MIN_DEPTH: usize = 64;

/// Parts per thread, for load balancing if one thread is late.
const SHARES: usize = 2;

/// A part of a product that can be computed independently: some terms of some columns.
pub(super) struct Part {
    /// The index of the product.
    pub(super) product: usize,
    terms: Range<usize>,
    columns: Range<usize>,
}

/// Splits products of `rows` vectors with matrices into parts for `threads` threads. If possible,
/// the matrix elements of a part are contiguous and are read sequentially.
pub(super) fn parts(rows: usize, threads: usize, matrices: &[WeightMatrix<'_>]) -> Vec<Part> {
    let mut parts = Vec::new();
    for (product, matrix) in matrices.iter().enumerate() {
        let WeightMatrix { order, depth, width, .. } = *matrix;
        let (deep, wide) = match order {
            // The sums of a part stay in the L1 cache.
            Order::Rows => {
                let slices = (depth / MIN_DEPTH).clamp(1, SHARES * threads);
                (depth.div_ceil(slices), if rows < 3 { 4096 } else { 768 })
            }
            Order::Columns => (depth, width.div_ceil(SHARES * threads).next_multiple_of(4)),
        };
        for term in (0..depth).step_by(deep) {
            for column in (0..width).step_by(wide) {
                let terms = term..depth.min(term + deep);
                parts.push(Part { product, terms, columns: column..width.min(column + wide) });
            }
        }
    }
    parts
}

/// The sum of the parts of one product and its bias.
pub(super) fn finish<'a>(
    rows: usize,
    width: usize,
    parts: impl Iterator<Item = (&'a Part, &'a Vec<f32>)>,
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let mut result = vec![0.0; rows * width];
    for (part, sums) in parts {
        let own = result.chunks_exact_mut(width).map(|row| &mut row[part.columns.clone()]);
        for (row, sums) in own.zip(sums.chunks_exact(part.columns.len())) {
            if part.terms.start == 0 {
                row.copy_from_slice(sums);
            } else {
                row.iter_mut().zip(sums).for_each(|(sum, more)| *sum += more);
            }
        }
    }
    if let Some(bias) = bias {
        for row in result.chunks_exact_mut(width) {
            row.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias);
        }
    }
    result
}

impl Part {
    /// The part's sums for each vector.
    pub(super) fn compute(&self, x: &[f32], matrix: WeightMatrix<'_>) -> Vec<f32> {
        AutoArch::new().dispatch(Computation { part: self, x, matrix })
    }
}

/// A part that is being computed.
struct Computation<'a> {
    part: &'a Part,
    /// All vectors, concatenated.
    x: &'a [f32],
    matrix: WeightMatrix<'a>,
}

impl WithSimd for Computation<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self) -> Vec<f32> {
        let Self { part, x, matrix } = self;
        let depth = matrix.depth;
        let wide = part.columns.len();
        let mut sums = vec![0.0; x.len() / depth * wide];
        for (x, sums) in x.chunks(GROUP * depth).zip(sums.chunks_mut(GROUP * wide)) {
            let (terms, start) = (part.terms.clone(), part.columns.start);
            let group = Group { x, depth, terms, start, sums, wide };
            match x.len() / depth {
                1 => group.add::<S, 1>(matrix),
                2 => group.add::<S, 2>(matrix),
                3 => group.add::<S, 3>(matrix),
                4 => group.add::<S, 4>(matrix),
                5 => group.add::<S, 5>(matrix),
                6 => group.add::<S, 6>(matrix),
                7 => group.add::<S, 7>(matrix),
                _ => group.add::<S, 8>(matrix),
            }
        }
        sums
    }
}
