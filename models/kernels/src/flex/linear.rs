//! [`linear`](crate::linear) for tensors in host memory.

use burn::backend::flex::FlexTensor;
use burn::tensor::DType;

use super::host::{
    add_up, any, contiguous, empty, f32_slice, host, in_parallel, vectorized, write_parts,
};
use super::product::{Layout, Matrix, MatrixMut, Onto, Threads, multiply};
use super::widened::multiply_widened;
use crate::gradient::Any;
use crate::ops::linear::LinearKernels;

/// Rows of a part whose contribution to the gradient of the bias is summed separately.
const ROWS: usize = 64;

/// See [`LinearKernels`].
pub(super) const LINEAR: LinearKernels = LinearKernels { forward, backward };

fn forward(x: Any, weight: Any, bias: Option<Any>) -> Any {
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
            let bias = f32_slice(bias);
            write_parts(into, d_output, |_, row| row.copy_from_slice(bias));
            Onto::Add
        }
        None => Onto::Replace,
    };
    if weight.dtype() == DType::BF16 {
        multiply_widened(into, rows(&x), &weight, onto);
    } else {
        let into = MatrixMut { values: into, stride: d_output };
        multiply(into, rows(&x), matrix(&weight), onto, Threads::All);
    }
    any(result)
}

fn backward(x: Any, weight: Any, gradient: Any, wanted: [bool; 3]) -> [Option<Any>; 3] {
    let (x, weight, gradient) = (contiguous(x), host(weight), contiguous(gradient));
    let [d_input, d_output] = [0, 1].map(|dim| weight.layout().shape()[dim]);
    let given = rows(&gradient);
    let of_x = wanted[0].then(|| {
        let mut result = empty(x.layout().shape().as_slice());
        let into = MatrixMut { values: result.storage_mut(), stride: d_input };
        multiply(into, given, matrix(&weight).transposed(), Onto::Replace, Threads::All);
        any(result)
    });
    let of_weight = wanted[1].then(|| {
        let is_transposed = weight.layout().strides()[1] != 1;
        if is_transposed {
            let mut result = empty(&[d_output, d_input]);
            let into = MatrixMut { values: result.storage_mut(), stride: d_input };
            multiply(into, given.transposed(), rows(&x), Onto::Replace, Threads::All);
            any(result.transpose(0, 1))
        } else {
            let mut result = empty(&[d_input, d_output]);
            let into = MatrixMut { values: result.storage_mut(), stride: d_output };
            multiply(into, rows(&x).transposed(), given, Onto::Replace, Threads::All);
            any(result)
        }
    });
    [of_x, of_weight, wanted[2].then(|| any(sum_of_rows(&gradient)))]
}

/// All rows of a contiguous tensor, as a matrix.
fn rows(x: &FlexTensor) -> Matrix<'_> {
    let shape = x.layout().shape();
    let width = shape[shape.num_dims() - 1];
    Matrix::new(f32_slice(x), Layout::rows([shape.num_elements() / width.max(1), width]))
}

fn matrix(x: &FlexTensor) -> Matrix<'_> {
    Matrix::of(x, [0, 1], 0)
}

/// The sum of all rows, computed in parts.
fn sum_of_rows(x: &FlexTensor) -> FlexTensor {
    let shape = x.layout().shape();
    let width = shape[shape.num_dims() - 1];
    let part = ROWS * width.max(1);
    let values = f32_slice(x);
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
