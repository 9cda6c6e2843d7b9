//! Normalisation over the model dimension.

use burn::module::{Module, Param};
use burn::nn::{Initializer, LayerNorm, LayerNormConfig, RmsNorm, RmsNormConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::precision::in_f32;

/// Which norm, over how many features, with which epsilon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NormConfig {
    /// The formula.
    pub kind: NormKind,
    /// Features.
    pub d_model: usize,
    /// Added to the variance before the square root. Published models differ by 7 orders of magnitude.
    pub epsilon: f64,
}

/// The formula of a norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NormKind {
    /// `(x - mean) / sqrt(var + ε) · γ + β`. Reference: Ba et al. 2016, <https://arxiv.org/abs/1607.06450>
    Layer,
    /// `(x - mean) / sqrt(var + ε) · γ`: ModernBERT, which has no biases at all.
    LayerWithoutBias,
    /// `x / sqrt(mean(x²) + ε) · γ`. Reference: Zhang and Sennrich 2019, <https://arxiv.org/abs/1910.07467>
    Rms,
    /// `x / sqrt(mean(x²) + ε) · (1 + w)`: Gemma, whose checkpoints hold the weight's distance from 1.
    RmsOffset,
}

/// A norm over the last dimension.
#[derive(Module, Debug)]
pub enum Norm {
    /// Mean and variance, scale and shift.
    Layer(LayerNorm),
    /// Root mean square and scale.
    Rms(RmsNorm),
    /// Root mean square and scale, the scale held as its distance from 1.
    RmsOffset(RmsOffsetNorm),
}

/// See [`NormKind::RmsOffset`].
#[derive(Module, Debug)]
pub struct RmsOffsetNorm {
    /// The scale's distance from 1.
    pub gamma: Param<Tensor<1>>,
    epsilon: f64,
}

impl NormConfig {
    /// A norm with unit scale and no shift.
    pub fn init(&self, device: &Device) -> Norm {
        match self.kind {
            NormKind::Layer | NormKind::LayerWithoutBias => Norm::Layer(
                LayerNormConfig::new(self.d_model)
                    .with_epsilon(self.epsilon)
                    .with_bias(self.kind == NormKind::Layer)
                    .init(device),
            ),
            NormKind::Rms => {
                Norm::Rms(RmsNormConfig::new(self.d_model).with_epsilon(self.epsilon).init(device))
            }
            NormKind::RmsOffset => Norm::RmsOffset(RmsOffsetNorm {
                gamma: Initializer::Zeros.init([self.d_model], device),
                epsilon: self.epsilon,
            }),
        }
    }
}

impl Norm {
    /// Features.
    pub fn width(&self) -> usize {
        let gamma = match self {
            Self::Layer(norm) => &norm.gamma,
            Self::Rms(norm) => &norm.gamma,
            Self::RmsOffset(norm) => &norm.gamma,
        };
        gamma.lazy_shape().num_elements()
    }

    /// Normalises `x` over its last dimension.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[.., d_model]`
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        in_f32(x, |x| match self {
            Self::Layer(norm) => norm.forward(x),
            Self::Rms(norm) => norm.forward(x),
            Self::RmsOffset(norm) => {
                let square = x.clone() * x.clone();
                let scale = (square.mean_dim(D - 1) + norm.epsilon).sqrt();
                x / scale * (norm.gamma.val() + 1.0).unsqueeze()
            }
        })
    }
}
