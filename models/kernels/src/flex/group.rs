//! The inner loops of products of a few vectors with a part of a matrix.
//!
//! They are written so that the compiler vectorizes them with the widest instructions of the
//! processor: no closures between the loops, and a single index.

#![expect(clippy::needless_range_loop, reason = "an iterator would prevent vectorization")]

use std::ops::Range;

use macerator::{Scalar, Simd};

use super::registers::{Number, load, prefetch, store};
use super::weight_matrix::{Elements, Order, WeightMatrix};

/// Rows of a matrix that are accumulated at once, so that sums are loaded and stored less often.
const TERMS: usize = 8;

/// Independent accumulators of a dot product, so that an addition need not wait for the previous
/// one.
const CHAINS: usize = 2;

/// The prefetch distance for columns, in bytes. For rows, the next rows are prefetched.
const AHEAD: usize = 1 << 14;

/// Bytes of a cache line.
const LINE: usize = 64;

/// The minimum number of vectors for prefetching.
const MIN_PREFETCH: usize = 3;

/// A group of vectors in the computation of a part.
pub(super) struct Group<'a> {
    pub(super) x: &'a [f32],
    pub(super) depth: usize,
    pub(super) terms: Range<usize>,
    /// The first column of the part.
    pub(super) start: usize,
    /// The sums of each vector, `wide` of them.
    pub(super) sums: &'a mut [f32],
    pub(super) wide: usize,
}

impl Group<'_> {
    /// Adds the products of `R` vectors with the columns of the matrix from the part's first on.
    #[inline(always)]
    pub(super) fn add<S: Simd, const R: usize>(self, matrix: WeightMatrix<'_>) {
        let WeightMatrix { elements, order, width, .. } = matrix;
        match elements {
            Elements::Wide(values) => self.add_in::<S, _, R>(values, order, width),
            Elements::Half(values) => self.add_in::<S, _, R>(values, order, width),
        }
    }

    #[inline(always)]
    fn add_in<S: Simd, N: Number, const R: usize>(self, values: &[N], order: Order, width: usize) {
        match order {
            Order::Rows => {
                let values = &values[self.start..];
                self.add_rows::<S, N, R>(values, width);
            }
            Order::Columns => {
                let values = &values[self.start * self.depth..];
                self.add_columns::<S, N, R>(values);
            }
        }
    }

    /// Adds multiples of rows, which are `stride` elements apart.
    #[inline(always)]
    fn add_rows<S: Simd, N: Number, const R: usize>(self, values: &[N], stride: usize) {
        let lanes = f32::lanes::<S>();
        let width = self.wide;
        let whole = width / lanes * lanes;
        // The sums of all vectors are interleaved, so that one loop with one index covers them.
        let mut packed = vec![0.0; whole * R];
        let factor = |r: usize, term: usize| self.x[r * self.depth + term];
        let row = |term: usize| &values[term * stride..][..width];
        let mut term = self.terms.start;
        while term < self.terms.end {
            if term + TERMS <= self.terms.end {
                let mut factors = [[0.0.splat::<S>(); R]; TERMS];
                for t in 0..TERMS {
                    for r in 0..R {
                        factors[t][r] = factor(r, term + t).splat();
                    }
                }
                let chunks = |t: usize| row(term + t)[..whole].chunks_exact(lanes);
                let rows = packed.chunks_exact_mut(lanes * R);
                let rows = rows.zip(chunks(0)).zip(chunks(1)).zip(chunks(2)).zip(chunks(3));
                let rows = rows.zip(chunks(4)).zip(chunks(5)).zip(chunks(6)).zip(chunks(7));
                // Prefetch the next rows: each is in a memory page that the core has not accessed
                // yet.
                let ahead = TERMS * stride * size_of::<N>();
                for ((((((((sums, a), b), c), d), e), f), g), h) in rows {
                    for row in [a, b, c, d, e, f, g, h] {
                        prefetch(row, ahead);
                    }
                    let values = [
                        load::<S, N>(a),
                        load(b),
                        load(c),
                        load(d),
                        load(e),
                        load(f),
                        load(g),
                        load(h),
                    ];
                    for r in 0..R {
                        let sums = &mut sums[r * lanes..][..lanes];
                        let mut sum = load::<S, f32>(sums);
                        for t in 0..TERMS {
                            sum = factors[t][r].mul_add(values[t], sum);
                        }
                        store(sum, sums);
                    }
                }
                term += TERMS;
            } else {
                let rows = packed.chunks_exact_mut(lanes * R).zip(row(term).chunks_exact(lanes));
                for (sums, values) in rows {
                    let values = load::<S, N>(values);
                    for r in 0..R {
                        let sums = &mut sums[r * lanes..][..lanes];
                        store(factor(r, term).splat::<S>().mul_add(values, load(sums)), sums);
                    }
                }
                term += 1;
            }
        }
        for (r, sums) in self.sums.chunks_exact_mut(width).enumerate() {
            let (head, tail) = sums.split_at_mut(whole);
            for (sums, packed) in head.chunks_exact_mut(lanes).zip(packed.chunks_exact(lanes * R)) {
                sums.copy_from_slice(&packed[r * lanes..][..lanes]);
            }
            for (at, sum) in tail.iter_mut().enumerate() {
                for term in self.terms.clone() {
                    *sum += factor(r, term) * row(term)[whole + at].widen();
                }
            }
        }
    }

    /// Adds dot products with columns.
    #[inline(always)]
    fn add_columns<S: Simd, N: Number, const R: usize>(self, values: &[N]) {
        let lanes = f32::lanes::<S>();
        let whole = self.depth / lanes * lanes;
        // The vectors are interleaved, so that one loop with one index covers them.
        let mut packed = vec![0.0; whole * R];
        for (r, x) in self.x.chunks_exact(self.depth).enumerate() {
            let packed = packed.chunks_exact_mut(lanes * R);
            for (packed, x) in packed.zip(x.chunks_exact(lanes)) {
                packed[r * lanes..][..lanes].copy_from_slice(x);
            }
        }
        for (at, column) in values.chunks_exact(self.depth).take(self.wide).enumerate() {
            let mut sums = [[0.0.splat::<S>(); R]; CHAINS];
            let mut x = packed.chunks_exact(CHAINS * lanes * R);
            let mut column_parts = column[..whole].chunks_exact(CHAINS * lanes);
            for (x, values) in x.by_ref().zip(column_parts.by_ref()) {
                // With fewer vectors memory bandwidth is the limit, and hardware prefetching is
                // best.
                if R >= MIN_PREFETCH {
                    for line in (0..size_of_val(values)).step_by(LINE) {
                        prefetch(values, AHEAD + line);
                    }
                }
                for chain in 0..CHAINS {
                    let value = load::<S, N>(&values[chain * lanes..]);
                    for r in 0..R {
                        let x = load::<S, f32>(&x[(chain * R + r) * lanes..]);
                        sums[chain][r] = x.mul_add(value, sums[chain][r]);
                    }
                }
            }
            let rest = x.remainder().chunks_exact(lanes * R);
            for (x, values) in rest.zip(column_parts.remainder().chunks_exact(lanes)) {
                let value = load::<S, N>(values);
                for r in 0..R {
                    sums[0][r] = load::<S, f32>(&x[r * lanes..]).mul_add(value, sums[0][r]);
                }
            }
            for r in 0..R {
                let x = &self.x[r * self.depth..][whole..self.depth];
                let tail = x.iter().zip(&column[whole..]).map(|(x, value)| x * value.widen());
                let mut sum = sums[0][r];
                for chain in 1..CHAINS {
                    sum += sums[chain][r];
                }
                self.sums[r * self.wide + at] = sum.reduce_add() + tail.sum::<f32>();
            }
        }
    }
}
