//! A convolution over the tokens of a sequence.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor, assert_shape};
use serde::{Deserialize, Serialize};
use zoo_kernels::linear::{LinearWeights, cast_for};

use super::linear::multiply;
use crate::precision::to_f32;

/// Sizes of a convolution that keeps the sequence length and the number of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvolutionConfig {
    /// Kernel size in tokens: odd, centered on the token itself.
    pub kernel: usize,
    /// Groups of features; each group is convolved separately.
    pub groups: usize,
}

/// A convolution over neighboring tokens, with zero padding at the ends.
///
/// ```text
/// y[t] = Σ_k W[k] x[t + k - (kernel - 1) / 2] + b
/// ```
#[derive(Module, Debug)]
pub struct Convolution {
    /// `[d_model, d_model / groups, kernel]`
    pub weight: Param<Tensor<3>>,
    /// `[d_model]`
    pub bias: Param<Tensor<1>>,
}

impl ConvolutionConfig {
    /// Creates a convolution of zeros, to be initialized or loaded.
    pub fn init(&self, d_model: usize, device: &Device) -> Convolution {
        let shape = [d_model, d_model / self.groups, self.kernel];
        Convolution {
            weight: Initializer::Zeros.init(shape, device),
            bias: Initializer::Zeros.init([d_model], device),
        }
    }

    /// Multiply-adds per token.
    pub fn macs_per_token(&self, d_model: usize) -> usize {
        d_model * (d_model / self.groups) * self.kernel
    }
}

impl Convolution {
    /// Convolves along the tokens.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [d_model, d_group, kernel] = self.weight.dims();
        assert_shape!(x, [_, _, d_model]);
        let [batch, seq, _] = x.dims();
        let weight = to_f32(self.weight.val()).reshape([d_model, d_group * kernel]).transpose();
        let outside = Tensor::zeros([batch, kernel / 2, d_model], &x.device());
        let x = Tensor::cat(vec![outside.clone(), to_f32(x), outside], 1);
        let taps = (0..kernel).map(|tap| x.clone().slice_dim(1, tap..tap + seq)).collect();
        // [batch, seq, d_model · kernel], in the order of the weight's last two dimensions.
        let windows = Tensor::stack::<4>(taps, 3).reshape([batch, seq, d_model * kernel]);
        let part = |group: usize| {
            let (inputs, outputs) = (d_group * kernel, d_group);
            let windows = windows.clone().slice_dim(2, group * inputs..(group + 1) * inputs);
            let weight = weight.clone().slice_dim(1, group * outputs..(group + 1) * outputs);
            let [result] =
                multiply(cast_for(windows, &weight), [LinearWeights::without_bias(weight)]);
            result
        };
        let parts = (0..d_model / d_group).map(part).collect();
        Tensor::cat(parts, 2) + to_f32(self.bias.val()).unsqueeze()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;

    #[test]
    fn a_token_is_computed_from_its_neighbours_within_its_group() {
        let device = Device::flex();
        let mut layer = ConvolutionConfig { kernel: 3, groups: 2 }.init(2, &device);
        let weight = TensorData::new(vec![1.0, 10.0, 100.0, 2.0, 20.0, 200.0], [2, 1, 3]);
        layer.weight = Param::from_data(weight, &device);
        layer.bias = Param::from_data(TensorData::new(vec![0.5, 0.0], [2]), &device);
        let x = TensorData::new(vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0], [1, 3, 2]);
        let found = layer.forward(Tensor::from_data(x, &device)).into_data();
        let expected = vec![210.5, 1080.0, 321.5, 1308.0, 32.5, 130.0];
        assert_eq!(found, TensorData::new(expected, [1, 3, 2]).convert::<f32>());
    }
}
