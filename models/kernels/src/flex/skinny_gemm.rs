//! [`skinny_gemm`](crate::skinny_gemm) for tensors in host memory.

use std::sync::Arc;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Element, FloatDType, Tensor, TensorData};

use super::streaming::{finish, parts};
use super::thread_pool;
use super::weight_matrix::{Elements, Order, WeightMatrix};
use crate::ops::linear::LinearWeights;

/// The minimum number of elements of the matrices for multiple threads.
const MIN_PARALLEL: usize = 1 << 16;

/// See [`skinny_gemm::linear`](crate::skinny_gemm::linear).
pub(crate) fn linear<const D: usize, const N: usize>(
    x: &Tensor<D>,
    layers: &[LinearWeights; N],
) -> Option<[Tensor<D>; N]> {
    let mut dims = x.dims();
    let depth = dims[D - 1];
    let rows = dims[..D - 1].iter().product();
    if x.dtype() != DType::F32 {
        return None;
    }
    let x = floats(x)?.to_contiguous();
    let mut weights = Vec::with_capacity(N);
    let mut biases = Vec::with_capacity(N);
    for LinearWeights { weight, bias } in layers {
        weights.push(floats(weight)?);
        biases.push(match bias {
            Some(bias) => Some(floats(&bias.clone().cast(FloatDType::F32))?),
            None => None,
        });
    }
    let mut matrices = Vec::with_capacity(N);
    for weight in &weights {
        matrices.push(matrix(weight, depth)?);
    }
    // Independent of the number of vectors, so that the result of a vector is, too.
    let count: usize = matrices.iter().map(|matrix| matrix.depth * matrix.width).sum();
    let threads = if count < MIN_PARALLEL { 1 } else { thread_pool::threads() };
    let parts = Arc::new(parts(rows, threads, &matrices));
    let widths = matrices.iter().map(|matrix| matrix.width).collect::<Vec<_>>();
    let sums = if threads == 1 {
        let x = x.as_slice::<f32>()?;
        parts.iter().map(|part| part.compute(x, matrices[part.product])).collect()
    } else {
        let cut = Arc::clone(&parts);
        let compute = move |index: usize| {
            let part = &cut[index];
            let matrix = matrix(&weights[part.product], depth)?;
            Some(part.compute(x.as_slice::<f32>()?, matrix))
        };
        thread_pool::run(parts.len(), compute)?.into_iter().collect::<Option<Vec<Vec<f32>>>>()?
    };
    let mut results = Vec::with_capacity(N);
    for (product, (width, bias)) in widths.into_iter().zip(&biases).enumerate() {
        let own = parts.iter().zip(&sums).filter(|(part, _)| part.product == product);
        let bias = match bias {
            Some(bias) => Some(bias.as_slice::<f32>()?),
            None => None,
        };
        dims[D - 1] = width;
        let result = TensorData::new(finish(rows, width, own, bias), dims);
        results.push(Tensor::from_primitive::<Flex>(FlexTensor::from_data(result)));
    }
    results.try_into().ok()
}

/// The tensor on this backend; `None` if it is on another one or has gradients.
fn floats<const D: usize>(x: &Tensor<D>) -> Option<FlexTensor> {
    x.clone().try_into_primitive::<Flex>().ok()
}

/// A matrix with `rows` rows; `None` if it has another dtype, or is neither row-major nor
/// column-major contiguous.
fn matrix(tensor: &FlexTensor, rows: usize) -> Option<WeightMatrix<'_>> {
    let shape = tensor.layout().shape();
    if shape[0] != rows {
        return None;
    }
    let order = match *tensor.layout().strides() {
        [row, 1] if row == shape[1] as isize => Order::Rows,
        [1, column] if column == rows as isize => Order::Columns,
        _ => return None,
    };
    let elements = match tensor.dtype() {
        DType::F32 => Elements::Wide(values(tensor)?),
        DType::BF16 => Elements::Half(values(tensor)?),
        _ => return None,
    };
    Some(WeightMatrix { elements, order, depth: rows, width: shape[1] })
}

/// The elements of a contiguous matrix.
fn values<E: Element + bytemuck::Pod>(tensor: &FlexTensor) -> Option<&[E]> {
    let layout = tensor.layout();
    tensor.storage().get(layout.start_offset()..)?.get(..layout.num_elements())
}
