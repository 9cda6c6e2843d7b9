//! The rows of a matrix on the host.

use burn::tensor::Tensor;
use zoo_models::generate::GenerateError;
use zoo_models::precision::to_vec_f32;

/// The rows of a matrix of shape `[rows, width]`.
///
/// # Errors
///
/// A value is NaN or infinite.
pub(crate) fn finite_rows(matrix: Tensor<2>) -> Result<Vec<Vec<f32>>, GenerateError> {
    let width = matrix.dims()[1];
    let values = to_vec_f32(matrix);
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(values.chunks_exact(width).map(<[f32]>::to_vec).collect()),
        false => Err(GenerateError::NotFinite),
    }
}
