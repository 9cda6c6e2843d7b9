//! [`linear`](crate::kernels::linear) where tensors lie in the host's memory.

use burn::backend::flex::FlexTensor;
use burn::tensor::DType;
use half::bf16;

use super::host::{
    add_up, any, contiguous, empty, host, in_parallel, numbers, vectorized, write_parts,
};
use super::product::{Layout, Matrix, Onto, Threads, multiply, stride};
use super::registers::Number;
use crate::kernels::gradient::Any;
use crate::kernels::linear::{Linear, Saved};

/// Rows whose share of the gradient of the bias is added up by itself.
const ROWS: usize = 64;

/// Numbers of a matrix that are written in 32 bits at a time: 4 MB of them.
const WIDENED: usize = 1 << 20;

/// Columns that are worth a product of their own.
const MIN_COLUMNS: usize = 64;

/// See [`Linear`].
pub(super) const LINEAR: Linear = Linear { forward, backward };

fn forward([x, weight]: [Any; 2], bias: Option<Any>) -> Any {
    let (x, weight, bias) = (contiguous(x), host(weight), bias.map(contiguous));
    let d_output = weight.layout().shape()[1];
    let mut dims = x.layout().shape().as_slice().to_vec();
    if let Some(last) = dims.last_mut() {
        *last = d_output;
    }
    let mut result = empty(&dims);
    let into = result.storage_mut::<f32>();
    let onto = match &bias {
        Some(bias) => {
            let bias = numbers(bias);
            write_parts(into, d_output, |_, row| row.copy_from_slice(bias));
            Onto::Add
        }
        None => Onto::Replace,
    };
    if weight.dtype() == DType::BF16 {
        multiply_widened((into, d_output), (rows(&x), &weight), onto);
    } else {
        multiply((into, d_output), (rows(&x), matrix(&weight)), (onto, Threads::All));
    }
    any(result)
}

/// As [`multiply`], with a matrix that is kept in 16 bits: some columns of it at a time are written in 32 to where
/// a cache holds them.
fn multiply_widened(
    (into, row): (&mut [f32], usize),
    (x, weight): (Matrix<'_>, &FlexTensor),
    onto: Onto,
) {
    let weight =
        if weight.layout().strides().contains(&1) { weight } else { &weight.to_contiguous() };
    let halves = weight.storage::<bf16>();
    let [depth, width] = [0, 1].map(|dim| weight.layout().shape()[dim]);
    let is_transposed = weight.layout().strides()[1] != 1;
    let strides = [0, 1].map(|dim| stride(weight, dim));
    let columns = (WIDENED / depth.max(1)).max(MIN_COLUMNS).min(width.max(1));
    let mut wide = vec![0.0; columns * depth];
    for first in (0..width).step_by(columns) {
        let count = columns.min(width - first);
        let wide = &mut wide[..count * depth];
        // A column or a row of the part after the other, as they lie.
        let (line, lines, size, part_strides) = if is_transposed {
            (depth, strides[1], [depth, count], [1, depth])
        } else {
            (count, strides[0], [depth, count], [count, 1])
        };
        let start = weight.layout().start_offset() + first * strides[1];
        write_parts(wide, line, |range, wide| {
            let halves = &halves[start + range.start / line * lines..][..wide.len()];
            vectorized(|| {
                wide.iter_mut().zip(halves).for_each(|(wide, half)| *wide = half.widen())
            });
        });
        let part = Matrix::new(wide, Layout { size, strides: part_strides });
        multiply((&mut into[first..], row), (x, part), (onto, Threads::All));
    }
}

fn backward([x, weight]: Saved, gradient: Any, wanted: [bool; 3]) -> [Option<Any>; 3] {
    let (x, weight, gradient) = (contiguous(x), host(weight), contiguous(gradient));
    let [d_input, d_output] = [0, 1].map(|dim| weight.layout().shape()[dim]);
    let given = rows(&gradient);
    let of_x = wanted[0].then(|| {
        let mut result = empty(x.layout().shape().as_slice());
        let into = (result.storage_mut(), d_input);
        multiply(into, (given, matrix(&weight).transposed()), (Onto::Replace, Threads::All));
        any(result)
    });
    let of_weight = wanted[1].then(|| {
        let is_transposed = weight.layout().strides()[1] != 1;
        if is_transposed {
            let mut result = empty(&[d_output, d_input]);
            let into = (result.storage_mut(), d_input);
            multiply(into, (given.transposed(), rows(&x)), (Onto::Replace, Threads::All));
            any(result.transpose(0, 1))
        } else {
            let mut result = empty(&[d_input, d_output]);
            let into = (result.storage_mut(), d_output);
            multiply(into, (rows(&x).transposed(), given), (Onto::Replace, Threads::All));
            any(result)
        }
    });
    [of_x, of_weight, wanted[2].then(|| any(sum_of_rows(&gradient)))]
}

/// All rows of a tensor that lies in one piece.
fn rows(x: &FlexTensor) -> Matrix<'_> {
    let shape = x.layout().shape();
    let width = shape[shape.num_dims() - 1];
    Matrix::new(numbers(x), Layout::rows([shape.num_elements() / width.max(1), width]))
}

fn matrix(x: &FlexTensor) -> Matrix<'_> {
    Matrix::of(x, [0, 1], 0)
}

/// The sum of all rows, part by part.
fn sum_of_rows(x: &FlexTensor) -> FlexTensor {
    let shape = x.layout().shape();
    let width = shape[shape.num_dims() - 1];
    let part = ROWS * width.max(1);
    let values = numbers(x);
    let sums = in_parallel(values.len().div_ceil(part), |index| {
        let mut sums = vec![0.0; width];
        let own = &values[index * part..values.len().min((index + 1) * part)];
        vectorized(|| {
            for row in own.chunks_exact(width) {
                sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
        });
        sums
    });
    add_up(width, sums)
}
