//! Linear layers on a few vectors, as in token-by-token generation.
//!
//! This case is bound by memory bandwidth, and a matrix product designed for many rows has a poor
//! access pattern. Here each element of the matrix is loaded once, for all rows, with all cores.

use burn::tensor::Tensor;

use crate::flex;
use crate::ops::linear::LinearWeights;

/// The maximum number of vectors; with more, a product is bound by arithmetic.
pub const MAX_ROWS: usize = 16;

/// `x W + b` for each of several layers; `None` if no kernel supports the inputs.
///
/// Supports at most [`MAX_ROWS`] vectors of f32, on `flex` and without gradients. The weight may be
/// a transposed view, and may be stored in bf16. The result of a vector does not depend on the
/// other vectors.
///
/// # Shapes
///
/// - `x`: `[.., d_input]`
/// - results: `[.., d_output]`
pub fn linear<const D: usize, const N: usize>(
    x: &Tensor<D>,
    layers: &[LinearWeights; N],
) -> Option<[Tensor<D>; N]> {
    let rows: usize = x.dims()[..D - 1].iter().product();
    if rows == 0 || rows > MAX_ROWS { None } else { flex::skinny_gemm(x, layers) }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, FloatDType, module};

    use super::*;
    use crate::testing::{close, random, to_f32};

    const SHAPES: [(usize, usize); 9] =
        [(1, 1), (3, 5), (8, 16), (9, 7), (31, 33), (64, 8), (65, 100), (768, 768), (257, 2049)];

    #[test]
    fn result_equals_the_composition() {
        let device = Device::flex();
        for (d_input, d_output) in SHAPES {
            for rows in [1, 2, 3, 4, 5, 7, 8, 11, 16] {
                let x = random([rows, 1, d_input], &device);
                let weight = random([d_input, d_output], &device);
                let transposed = random([d_output, d_input], &device).transpose();
                let bias = random([d_output], &device);
                let halves = [weight.clone(), transposed.clone()].map(half);
                for weight in [weight, transposed].into_iter().chain(halves) {
                    for bias in [None, Some(bias.clone()), Some(half(bias.clone()))] {
                        let [found] =
                            linear(&x, &[layer(weight.clone(), bias.clone())]).expect("a kernel");
                        let expected =
                            module::linear(x.clone(), to_f32(weight.clone()), bias.map(to_f32));
                        close(found, expected);
                    }
                }
            }
        }
    }

    fn layer(weight: Tensor<2>, bias: Option<Tensor<1>>) -> LinearWeights {
        LinearWeights { weight, bias }
    }

    fn half<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        x.cast(FloatDType::BF16)
    }

    #[test]
    fn several_layers_equal_single_layers() {
        let device = Device::flex();
        let x = random([2, 3, 24], &device);
        let random_layer =
            |d_output| layer(random([24, d_output], &device), Some(random([d_output], &device)));
        let layers = [40, 8, 9].map(random_layer);
        let found = linear(&x, &layers).expect("a kernel");
        for (found, LinearWeights { weight, bias }) in found.into_iter().zip(layers) {
            close(found, module::linear(x.clone(), weight, bias));
        }
    }

    #[test]
    fn views_of_larger_tensors_are_supported() {
        let device = Device::flex();
        let x = random([4, 3, 20], &device).slice_dim(1, 2..3);
        let weight = random([40, 30], &device).slice_dim(0, 10..30);
        let bias = random([60], &device).slice_dim(0, 30..60);
        let [found] = linear(&x, &[layer(weight.clone(), Some(bias.clone()))]).expect("a kernel");
        close(found, module::linear(x, weight, Some(bias)));
    }

    #[test]
    fn result_of_a_vector_is_independent_of_the_batch() {
        let device = Device::flex();
        let x = random([16, 48], &device);
        let weight = random([48, 70], &device);
        let turned = random([70, 48], &device).transpose();
        for weight in [weight.clone(), turned.clone(), half(weight), half(turned)] {
            let weights = [LinearWeights::without_bias(weight)];
            let [all] = linear(&x, &weights).expect("a kernel");
            for row in 0..16 {
                let alone = x.clone().slice_dim(0, row..row + 1);
                let [alone] = linear(&alone, &weights).expect("a kernel");
                assert_eq!(alone.into_data(), all.clone().slice_dim(0, row..row + 1).into_data());
            }
        }
    }

    #[test]
    fn other_inputs_have_no_kernel() {
        let device = Device::flex();
        let is_left = |x: Tensor<2>, weight: Tensor<2>| {
            linear(&x, &[LinearWeights::without_bias(weight)]).is_none()
        };
        let (x, weight) = (random([2, 6], &device), random([6, 4], &device));
        assert!(!is_left(x.clone(), weight.clone()));
        assert!(is_left(random([MAX_ROWS + 1, 6], &device), weight.clone()));
        assert!(is_left(random([0, 6], &device), weight.clone()));
        assert!(is_left(half(x.clone()), half(weight.clone())));
        assert!(is_left(x.clone(), weight.clone().cast(FloatDType::F16)));
        // A column slice of a wider matrix is neither row-major nor column-major contiguous.
        assert!(is_left(x.clone(), random([6, 8], &device).slice_dim(1, 2..6)));
        let training = device.autodiff();
        assert!(is_left(random([2, 6], &training), random([6, 4], &training)));
    }
}
