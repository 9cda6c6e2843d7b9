//! Matrix products with arbitrary strides in slices.

use std::ops::Range;

use burn::backend::flex::FlexTensor;

/// The minimum number of multiply-adds for multiple threads.
const MIN_PARALLEL: usize = 1 << 21;

/// A matrix in a slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    layout: Layout,
}

/// The numbers of rows and columns of a matrix, and their strides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) size: [usize; 2],
    pub(super) strides: [usize; 2],
}

impl Layout {
    /// The layout of contiguous rows.
    pub(super) fn rows([rows, columns]: [usize; 2]) -> Self {
        Self { size: [rows, columns], strides: [columns, 1] }
    }

    /// The minimum length of a slice with this layout.
    fn reach(self) -> usize {
        let [rows, columns] = self.size;
        if rows == 0 || columns == 0 {
            return 0;
        }
        (rows - 1) * self.strides[0] + (columns - 1) * self.strides[1] + 1
    }
}

impl<'a> Matrix<'a> {
    /// # Panics
    ///
    /// Panics if the slice is too short.
    pub(super) fn new(values: &'a [f32], layout: Layout) -> Self {
        assert!(layout.reach() <= values.len(), "the matrix exceeds its slice");
        Self { values, layout }
    }

    /// The matrix of two dimensions of a tensor, from element `start` on.
    ///
    /// # Panics
    ///
    /// Panics if one of the strides is negative.
    pub(super) fn of(tensor: &'a FlexTensor, dims: [usize; 2], start: usize) -> Self {
        let layout = tensor.layout();
        let size = dims.map(|dim| layout.shape()[dim]);
        let strides = dims.map(|dim| stride(tensor, dim));
        let all = tensor.storage::<f32>();
        Self::new(&all[(layout.start_offset() + start).min(all.len())..], Layout { size, strides })
    }

    /// A range of rows.
    pub(super) fn rows(self, rows: Range<usize>) -> Self {
        let layout = Layout { size: [rows.len(), self.layout.size[1]], ..self.layout };
        let start = (rows.start * self.layout.strides[0]).min(self.values.len());
        Self::new(&self.values[start..], layout)
    }

    pub(super) fn transposed(self) -> Self {
        let Layout { size: [rows, columns], strides: [row, column] } = self.layout;
        let layout = Layout { size: [columns, rows], strides: [column, row] };
        Self { layout, ..self }
    }

    /// One element.
    #[inline(always)]
    pub(super) fn at(self, row: usize, column: usize) -> f32 {
        self.values[row * self.layout.strides[0] + column * self.layout.strides[1]]
    }
}

/// The stride of a dimension, in elements.
///
/// # Panics
///
/// Panics if the stride is negative.
pub(super) fn stride(tensor: &FlexTensor, dim: usize) -> usize {
    usize::try_from(tensor.layout().strides()[dim]).expect("a non-negative stride")
}

/// The output of a product.
pub(super) struct MatrixMut<'a> {
    pub(super) values: &'a mut [f32],
    /// The distance between rows, in elements: they can be parts of wider rows.
    pub(super) stride: usize,
}

/// Whether a product replaces the output or is added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Onto {
    Replace,
    Add,
}

/// The threads that compute a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Threads {
    /// The calling thread.
    One,
    /// All threads, if the product is large enough. The result does not depend on their number.
    All,
}

/// `into <- a b` or `into <- into + a b`
///
/// # Panics
///
/// Panics if the sizes do not match.
pub(super) fn multiply(
    into: MatrixMut<'_>,
    a: Matrix<'_>,
    b: Matrix<'_>,
    onto: Onto,
    threads: Threads,
) {
    let MatrixMut { values: into, stride } = into;
    let ([rows, depth], [depth_of_b, columns]) = (a.layout.size, b.layout.size);
    assert_eq!(depth, depth_of_b, "the inner dimensions must be equal");
    let layout = Layout { size: [rows, columns], strides: [stride, 1] };
    assert!(stride >= columns || rows <= 1, "rows must not overlap");
    assert!(layout.reach() <= into.len(), "the product exceeds its slice");
    if rows == 0 || columns == 0 {
        return;
    }
    let is_large = rows.saturating_mul(columns).saturating_mul(depth) >= MIN_PARALLEL;
    let parallelism = match threads {
        Threads::All if is_large => gemm::Parallelism::Rayon(0),
        Threads::All | Threads::One => gemm::Parallelism::None,
    };
    let [a_strides, b_strides] = [a, b].map(|x| x.layout.strides.map(|stride| stride as isize));
    #[expect(unsafe_code, reason = "the gemm crate takes pointers")]
    // SAFETY: all three matrices are within their slices, as asserted here and in `Matrix::new`.
    // `into` is borrowed mutably, so it does not overlap with the others.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            depth,
            into.as_mut_ptr(),
            1,
            stride as isize,
            onto == Onto::Add,
            a.values.as_ptr(),
            a_strides[1],
            a_strides[0],
            b.values.as_ptr(),
            b_strides[1],
            b_strides[0],
            1.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_views_equal_the_definition() {
        let values: Vec<f32> = (0..60).map(|i| (i * 7 % 13) as f32 - 6.0).collect();
        let a = Matrix::new(&values, Layout { size: [4, 3], strides: [5, 1] }).rows(1..3);
        let b = Matrix::new(&values[2..], Layout::rows([4, 3])).transposed();
        let mut into = vec![1.0; 11];
        for (onto, before) in [(Onto::Replace, 0.0), (Onto::Add, 1.0)] {
            into.fill(1.0);
            multiply(MatrixMut { values: &mut into, stride: 7 }, a, b, onto, Threads::One);
            for row in 0..2 {
                for column in 0..4 {
                    let terms = (0..3).map(|k| a.at(row, k) * values[2 + column * 3 + k]);
                    assert_eq!(into[row * 7 + column], before + terms.sum::<f32>());
                }
            }
            assert_eq!(into[4..7], [1.0; 3]);
        }
    }

    #[test]
    #[should_panic(expected = "the matrix exceeds its slice")]
    fn matrix_beyond_its_slice_panics() {
        Matrix::new(&[0.0; 8], Layout::rows([3, 3]));
    }

    #[test]
    #[should_panic(expected = "the product exceeds its slice")]
    fn product_beyond_its_slice_panics() {
        let values = [0.0; 9];
        let a = Matrix::new(&values, Layout::rows([3, 3]));
        let into = MatrixMut { values: &mut [0.0; 8], stride: 3 };
        multiply(into, a, a, Onto::Replace, Threads::One);
    }
}
