//! Linear layers of a few vectors, as when a text is written token by token.
//!
//! Then the time goes into reading the matrix from memory, and a product that is made for many rows
//! reads it badly. Here each number of it is loaded once, for all rows and by all cores.

use burn::tensor::Tensor;

use super::flex;
use super::linear::Weights;

/// The most vectors that are taken; with more of them a product is bound by arithmetic.
pub const MAX_ROWS: usize = 16;

/// `x W + b` for each of several layers; `None` where that is for Burn's operations to do.
///
/// It is done here for at most [`MAX_ROWS`] vectors of 32-bit floats, on `flex` and without gradients.
/// The matrix may be the transpose of one, and be held in bf16. What a vector gives does not depend on those beside it.
///
/// # Shapes
///
/// - `x`: `[.., d_input]`
/// - results: `[.., d_output]`
pub fn linear<const D: usize, const N: usize>(
    x: &Tensor<D>,
    layers: &[Weights; N],
) -> Option<[Tensor<D>; N]> {
    let rows: usize = x.dims()[..D - 1].iter().product();
    if rows == 0 || rows > MAX_ROWS { None } else { flex::skinny_gemm(x, layers) }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, FloatDType, module};

    use super::*;
    use crate::kernels::testing::{close, random};
    use crate::precision::to_f32;

    const SHAPES: [(usize, usize); 9] =
        [(1, 1), (3, 5), (8, 16), (9, 7), (31, 33), (64, 8), (65, 100), (768, 768), (257, 2049)];

    #[test]
    fn it_equals_the_plain_composition() {
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
                        let [found] = linear(&x, &[(weight.clone(), bias.clone())])
                            .expect("few rows of 32-bit floats on flex");
                        let expected =
                            module::linear(x.clone(), to_f32(weight.clone()), bias.map(to_f32));
                        close(found, expected);
                    }
                }
            }
        }
    }

    fn half<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        x.cast(FloatDType::BF16)
    }

    #[test]
    fn several_layers_give_what_each_gives() {
        let device = Device::flex();
        let x = random([2, 3, 24], &device);
        let layer = |d_output| (random([24, d_output], &device), Some(random([d_output], &device)));
        let layers = [layer(40), layer(8), layer(9)];
        let found = linear(&x, &layers).expect("few rows of 32-bit floats on flex");
        for (found, (weight, bias)) in found.into_iter().zip(layers) {
            close(found, module::linear(x.clone(), weight, bias));
        }
    }

    #[test]
    fn parts_of_larger_tensors_are_read_where_they_lie() {
        let device = Device::flex();
        let x = random([4, 3, 20], &device).slice_dim(1, 2..3);
        let weight = random([40, 30], &device).slice_dim(0, 10..30);
        let bias = random([60], &device).slice_dim(0, 30..60);
        let [found] = linear(&x, &[(weight.clone(), Some(bias.clone()))]).expect("few rows");
        close(found, module::linear(x, weight, Some(bias)));
    }

    #[test]
    fn a_vector_gives_the_same_beside_others() {
        let device = Device::flex();
        let x = random([16, 48], &device);
        let weight = random([48, 70], &device);
        let turned = random([70, 48], &device).transpose();
        for weight in [weight.clone(), turned.clone(), half(weight), half(turned)] {
            let weights = [(weight, None)];
            let [all] = linear(&x, &weights).expect("few rows");
            for row in 0..16 {
                let alone = x.clone().slice_dim(0, row..row + 1);
                let [alone] = linear(&alone, &weights).expect("one row");
                assert_eq!(alone.into_data(), all.clone().slice_dim(0, row..row + 1).into_data());
            }
        }
    }

    #[test]
    fn the_rest_is_left_to_burn() {
        let device = Device::flex();
        let is_left = |x: Tensor<2>, weight: Tensor<2>| linear(&x, &[(weight, None)]).is_none();
        let (x, weight) = (random([2, 6], &device), random([6, 4], &device));
        assert!(!is_left(x.clone(), weight.clone()));
        assert!(is_left(random([MAX_ROWS + 1, 6], &device), weight.clone()));
        assert!(is_left(random([0, 6], &device), weight.clone()));
        assert!(is_left(half(x.clone()), half(weight.clone())));
        assert!(is_left(x.clone(), weight.clone().cast(FloatDType::F16)));
        // Some columns of a wider matrix lie neither row after row nor column after column.
        assert!(is_left(x.clone(), random([6, 8], &device).slice_dim(1, 2..6)));
        let training = device.autodiff();
        assert!(is_left(random([2, 6], &training), random([6, 4], &training)));
    }
}
