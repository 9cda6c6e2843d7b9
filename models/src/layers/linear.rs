//! Linear layers, created and applied in the same way by all models.

use burn::module::Param;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, module};
use serde::{Deserialize, Serialize};
use zoo_kernels::linear::{self as kernels, LinearWeights};
use zoo_kernels::skinny_gemm;

use crate::precision::to_f32;

/// Whether a projection has a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bias {
    /// `x W`
    Absent,
    /// `x W + b`
    Present,
}

/// Converts the flag of a config.
impl From<bool> for Bias {
    fn from(flag: bool) -> Self {
        if flag { Self::Present } else { Self::Absent }
    }
}

/// A linear layer `[d_input, d_output]` of zeros, to be initialized or loaded.
///
/// The values come later, from a checkpoint or from [`initialize`](crate::backbones::initialize), which
/// depends on the seed only.
pub fn linear(d_input: usize, d_output: usize, bias: Bias, device: &Device) -> Linear {
    LinearConfig::new(d_input, d_output)
        .with_bias(bias == Bias::Present)
        .with_initializer(Initializer::Zeros)
        .init(device)
}

/// Applies a layer to f32 vectors: the product is computed in the dtype of the layer's weights, and
/// its result is converted to f32.
///
/// # Shapes
///
/// - `x`: `[.., d_input]`
/// - result: `[.., d_output]`
pub fn project<const D: usize>(layer: &Linear, x: Tensor<D>) -> Tensor<D> {
    to_f32(apply(layer, cast_input(&layer.weight, x)))
}

/// Applies a layer to vectors in the dtype of its weights.
///
/// # Shapes
///
/// - `x`: `[.., d_input]`
/// - result: `[.., d_output]`
pub fn apply<const D: usize>(layer: &Linear, x: Tensor<D>) -> Tensor<D> {
    let [result] = apply_all([layer], x);
    result
}

/// Applies several layers to the same vectors, in the dtype of their weights.
///
/// # Shapes
///
/// - `x`: `[.., d_input]`
/// - results: `[.., d_output]`
pub fn apply_all<const D: usize, const N: usize>(
    layers: [&Linear; N],
    x: Tensor<D>,
) -> [Tensor<D>; N] {
    multiply(x, layers.map(weights))
}

/// `x W + b` for each of several layers.
///
/// # Shapes
///
/// - `x`: `[.., d_input]`
/// - results: `[.., d_output]`
pub(super) fn multiply<const D: usize, const N: usize>(
    x: Tensor<D>,
    layers: [LinearWeights; N],
) -> [Tensor<D>; N] {
    skinny_gemm::linear(&x, &layers).unwrap_or_else(|| {
        layers.map(|layer| {
            kernels::linear(&x, &layer)
                .unwrap_or_else(|| module::linear(x.clone(), layer.weight, layer.bias))
        })
    })
}

fn weights(layer: &Linear) -> LinearWeights {
    LinearWeights { weight: layer.weight.val(), bias: layer.bias.as_ref().map(Param::val) }
}

/// `x` in the dtype in which it is multiplied with a weight: the weight's, or f32 where the device
/// only stores half precision (see [`kernels::cast_for`]).
pub fn cast_input<const D: usize>(weight: &Param<Tensor<2>>, x: Tensor<D>) -> Tensor<D> {
    kernels::cast_for(x, &weight.val())
}

/// A weight `[rows, columns]` of zeros, to be initialized or loaded.
pub fn weight(rows: usize, columns: usize, device: &Device) -> Param<Tensor<2>> {
    Initializer::Zeros.init([rows, columns], device)
}
