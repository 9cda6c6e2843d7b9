//! The matrices that a few vectors are multiplied with.

use half::bf16;

/// A matrix in contiguous memory.
#[derive(Clone, Copy)]
pub(super) struct WeightMatrix<'a> {
    pub(super) elements: Elements<'a>,
    pub(super) order: Order,
    /// The number of rows.
    pub(super) depth: usize,
    /// The number of columns.
    pub(super) width: usize,
}

/// The elements of a matrix, by type.
#[derive(Clone, Copy)]
pub(super) enum Elements<'a> {
    Wide(&'a [f32]),
    Half(&'a [bf16]),
}

/// The memory layout of a matrix.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    /// Row-major.
    Rows,
    /// Column-major: the transpose of a row-major matrix.
    Columns,
}
