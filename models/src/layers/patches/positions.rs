//! Interpolation of position embeddings to another number of patches.

use burn::tensor::{Device, Tensor, TensorData};

/// Interpolates a grid of vectors by cubic convolution, as PyTorch's `interpolate` does with
/// `mode="bicubic"` and `align_corners=False`, with one matrix for each direction.
///
/// # Shapes
///
/// - `vectors`: `[1, rows · columns, d_model]` of the grid `from`, row by row
/// - result: the same for the grid `to`
///
/// Reference: Keys 1981, eq. 15, with a = -3/4, <https://doi.org/10.1109/TASSP.1981.1163711>
pub(super) fn interpolate(vectors: Tensor<3>, from: [usize; 2], to: [usize; 2]) -> Tensor<3> {
    let [_, _, d_model] = vectors.dims();
    let device = vectors.device();
    let [rows, columns] = from;
    // [new rows, rows] · [rows, columns · d_model]
    let vectors = vectors.reshape([rows, columns * d_model]);
    let stretched = resampling(rows, to[0], &device).matmul(vectors);
    // [new rows, new columns, columns] · [new rows, columns, d_model]
    let stretched = stretched.reshape([to[0], columns, d_model]);
    let across = resampling(columns, to[1], &device).unsqueeze::<3>();
    across.expand([to[0], to[1], columns]).matmul(stretched).reshape([1, to[0] * to[1], d_model])
}

/// The matrix `[to, from]` that resamples `from` values to `to` values.
fn resampling(from: usize, to: usize, device: &Device) -> Tensor<2> {
    let mut matrix = vec![0.0_f32; to * from];
    // In f32, as in the reference.
    let step = from as f32 / to as f32;
    for place in 0..to {
        let at = (place as f32 + 0.5) * step - 0.5;
        let first = at.floor();
        for (offset, weight) in (-1..3).zip(weights(at - first)) {
            // Values beyond the ends repeat the value at the end.
            let source = (first as i64 + offset).clamp(0, from as i64 - 1) as usize;
            matrix[place * from + source] += weight;
        }
    }
    Tensor::from_data(TensorData::new(matrix, [to, from]), device)
}

/// The weights of the two values before a point and the two after it, for a point `t` after the
/// second value.
fn weights(t: f32) -> [f32; 4] {
    const A: f32 = -0.75;
    let near = |x: f32| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f32| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_a_point_add_up_to_one() {
        for to in [1, 2, 3, 5, 8, 13] {
            let rows = resampling(5, to, &Device::flex()).sum_dim(1).into_data();
            for sum in rows.try_into_vec_as::<f32>().unwrap() {
                assert!((sum - 1.0).abs() < 1e-6, "{to}: {sum}");
            }
        }
    }

    #[test]
    fn the_same_grid_stays_as_it_is() {
        let matrix = resampling(4, 4, &Device::flex()).into_data();
        assert_eq!(matrix, Tensor::<2>::eye(4, &Device::flex()).into_data());
    }

    #[test]
    fn a_point_between_two_values_is_computed_from_four() {
        // PyTorch's interpolate of 0, 0, 1, 0 to eight values.
        let matrix = resampling(4, 8, &Device::flex());
        let found = matrix.slice_dim(1, 2..3).into_data().try_into_vec_as::<f32>().unwrap();
        let expected =
            [0.0, -0.0351562, -0.1054688, 0.2617188, 0.8789062, 0.8789062, 0.2617188, -0.1054688];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
    }
}
