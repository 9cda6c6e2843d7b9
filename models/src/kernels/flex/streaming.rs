//! Products of a few vectors with matrices that are read from memory once.
//!
//! The loops are written for a compiler that turns them into vector instructions, the widest that the
//! processor has: no closure between them, and one index.

#![expect(
    clippy::needless_range_loop,
    reason = "an iterator would come between loop and instruction"
)]

use std::ops::Range;

use macerator::{AutoArch, Scalar, Simd, Vector, WithSimd};

/// Vectors that a number of the matrix is multiplied by while it is in a register.
const GROUP: usize = 8;

/// Rows of a matrix that are added at once, so that sums are loaded and stored less often.
const TERMS: usize = 8;

/// Rows of a matrix that are at least worth a part of their own.
const MIN_DEPTH: usize = 64;

/// How far ahead of the columns that are computed memory is asked for, in numbers.
const AHEAD: usize = 4096;

/// Parts for each thread, so that one that is late does not keep the others waiting.
const SHARES: usize = 2;

/// A matrix, by how it lies in memory.
#[derive(Clone, Copy)]
pub(super) enum Matrix<'a> {
    /// Row after row.
    Rows(&'a [f32]),
    /// Column after column: the transpose of one that lies row after row.
    Columns(&'a [f32]),
}

/// A part of a product, which can be computed by itself: some terms of some columns.
pub(super) struct Part {
    /// Which of several products.
    pub(super) product: usize,
    terms: Range<usize>,
    columns: Range<usize>,
    /// Columns of the matrix.
    width: usize,
}

/// Cuts products of `rows` vectors with matrices into parts for so many threads. A part of a matrix lies in
/// one piece, where it can, and is read in one go.
pub(super) fn parts(
    (rows, threads): (usize, usize),
    matrices: &[(Matrix<'_>, [usize; 2])],
) -> Vec<Part> {
    let mut parts = Vec::new();
    for (product, (matrix, [depth, width])) in matrices.iter().enumerate() {
        let (depth, width) = (*depth, *width);
        let (deep, wide) = match matrix {
            // Their sums stay in the nearest cache.
            Matrix::Rows(_) => {
                let slices = (depth / MIN_DEPTH).clamp(1, SHARES * threads);
                (depth.div_ceil(slices), if rows < 3 { 4096 } else { 768 })
            }
            Matrix::Columns(_) => (depth, width.div_ceil(SHARES * threads).next_multiple_of(4)),
        };
        for term in (0..depth).step_by(deep) {
            for column in (0..width).step_by(wide) {
                let terms = term..depth.min(term + deep);
                parts.push(Part {
                    product,
                    terms,
                    columns: column..width.min(column + wide),
                    width,
                });
            }
        }
    }
    parts
}

/// Adds up what the parts of one product gave, and its bias.
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
    /// The part's sums for each of several vectors of `depth` numbers.
    pub(super) fn compute(&self, (x, depth): (&[f32], usize), matrix: Matrix<'_>) -> Vec<f32> {
        AutoArch::new().dispatch(Computation { part: self, x, depth, matrix })
    }
}

/// A part that is being computed.
struct Computation<'a> {
    part: &'a Part,
    /// All vectors, one after the other.
    x: &'a [f32],
    depth: usize,
    matrix: Matrix<'a>,
}

impl WithSimd for Computation<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self) -> Vec<f32> {
        let Self { part, x, depth, matrix } = self;
        let wide = part.columns.len();
        let mut sums = vec![0.0; x.len() / depth * wide];
        for (x, sums) in x.chunks(GROUP * depth).zip(sums.chunks_mut(GROUP * wide)) {
            let group = Group { x, depth, terms: part.terms.clone(), sums, wide };
            let matrix = (matrix, part.width, part.columns.start);
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

/// Some vectors of a part.
struct Group<'a> {
    x: &'a [f32],
    depth: usize,
    terms: Range<usize>,
    /// The sums of each vector, `wide` of them.
    sums: &'a mut [f32],
    wide: usize,
}

impl Group<'_> {
    /// Adds the products of `R` vectors with the matrix's columns from the `start`th on.
    #[inline(always)]
    fn add<S: Simd, const R: usize>(self, (matrix, stride, start): (Matrix<'_>, usize, usize)) {
        match matrix {
            Matrix::Rows(values) => self.add_rows::<S, R>(&values[start..], stride),
            Matrix::Columns(values) => {
                let values = &values[start * self.depth..];
                self.add_columns::<S, R>(values);
            }
        }
    }

    /// Adds multiples of rows, each `stride` after the one before.
    #[inline(always)]
    fn add_rows<S: Simd, const R: usize>(self, values: &[f32], stride: usize) {
        let lanes = f32::lanes::<S>();
        let width = self.wide;
        let whole = width / lanes * lanes;
        // Sums of all vectors side by side, so that one loop over them needs no other index.
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
                for ((((((((sums, a), b), c), d), e), f), g), h) in rows {
                    let values = [
                        load::<S>(a),
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
                        let mut sum = load(sums);
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
                    let values = load::<S>(values);
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
                    *sum += factor(r, term) * row(term)[whole + at];
                }
            }
        }
    }

    /// Adds scalar products with columns.
    #[inline(always)]
    fn add_columns<S: Simd, const R: usize>(self, values: &[f32]) {
        let lanes = f32::lanes::<S>();
        let whole = self.depth / lanes * lanes;
        // The vectors side by side, so that one loop over them needs no other index.
        let mut packed = vec![0.0; whole * R];
        for (r, x) in self.x.chunks_exact(self.depth).enumerate() {
            let packed = packed.chunks_exact_mut(lanes * R);
            for (packed, x) in packed.zip(x.chunks_exact(lanes)) {
                packed[r * lanes..][..lanes].copy_from_slice(x);
            }
        }
        for (at, column) in values.chunks_exact(self.depth).take(self.wide).enumerate() {
            let mut sums = [0.0.splat::<S>(); R];
            for (x, value) in packed.chunks_exact(lanes * R).zip(column.chunks_exact(lanes)) {
                prefetch(value, AHEAD);
                let value = load(value);
                for r in 0..R {
                    sums[r] = load::<S>(&x[r * lanes..]).mul_add(value, sums[r]);
                }
            }
            for r in 0..R {
                let x = &self.x[r * self.depth..][whole..self.depth];
                let tail = x.iter().zip(&column[whole..]).map(|(x, value)| x * value);
                self.sums[r * self.wide + at] = sums[r].reduce_add() + tail.sum::<f32>();
            }
        }
    }
}

/// Asks for memory that is read soon, so many numbers behind the first one. A core looks ahead too, but not
/// as far as it takes to fetch a new page of memory.
#[inline(always)]
fn prefetch(values: &[f32], ahead: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
        // Into the nearest cache; the address need not exist.
        const NEAREST: i32 = 3;
        sse._mm_prefetch::<NEAREST>(values.as_ptr().wrapping_add(ahead).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, ahead);
}

/// The first numbers, as many as a register holds.
#[inline(always)]
fn load<S: Simd>(values: &[f32]) -> Vector<S, f32> {
    bytemuck::pod_read_unaligned(bytemuck::cast_slice(&values[..f32::lanes::<S>()]))
}

/// The opposite of [`load`].
#[inline(always)]
fn store<S: Simd>(vector: Vector<S, f32>, values: &mut [f32]) {
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut values[..f32::lanes::<S>()]);
    bytes.copy_from_slice(bytemuck::bytes_of(&vector));
}
