//! Normalization over the model dimension.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor, module};
use serde::{Deserialize, Serialize};
use zoo_kernels::norm::{self as kernels, Centre};

use crate::parameters::KeepF32;
use crate::precision::in_f32;

/// The formula, the number of features and the epsilon of a norm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NormConfig {
    /// The formula.
    pub kind: NormKind,
    /// Features.
    pub d_model: usize,
    /// Added to the variance before the square root. Published models differ by 7 orders of
    /// magnitude.
    pub epsilon: f64,
}

/// The formula of a norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NormKind {
    /// `(x - mean) / sqrt(var + ε) · γ + β`. Reference: Ba et al. 2016,
    /// <https://arxiv.org/abs/1607.06450>
    Layer,
    /// `(x - mean) / sqrt(var + ε) · γ`: ModernBERT, which has no biases.
    LayerWithoutBias,
    /// `x / sqrt(mean(x²) + ε) · γ`. Reference: Zhang and Sennrich 2019,
    /// <https://arxiv.org/abs/1910.07467>
    Rms,
    /// `x / sqrt(mean(x²) + ε) · (1 + w)`: Gemma, whose checkpoints store the scale minus 1.
    RmsOffset,
}

/// A norm over the last dimension.
#[derive(Module, Debug)]
pub struct Norm {
    /// The scale; [`NormKind::RmsOffset`] stores it minus 1.
    gamma: KeepF32<Param<Tensor<1>>>,
    /// The shift of [`NormKind::Layer`].
    beta: Option<KeepF32<Param<Tensor<1>>>>,
    #[module(skip)]
    kind: NormKind,
    epsilon: f64,
}

impl NormConfig {
    /// A norm with unit scale and no shift.
    pub fn init(&self, device: &Device) -> Norm {
        let scale = match self.kind {
            NormKind::RmsOffset => Initializer::Zeros,
            NormKind::Layer | NormKind::LayerWithoutBias | NormKind::Rms => Initializer::Ones,
        };
        let shift = || Initializer::Zeros.init([self.d_model], device);
        let beta = (self.kind == NormKind::Layer).then(shift);
        self.with_parameters(scale.init([self.d_model], device), beta)
    }

    /// A norm with these values.
    ///
    /// # Shapes
    ///
    /// - `gamma`, `beta`: `[d_model]`
    pub fn with_values(&self, gamma: Tensor<1>, beta: Option<Tensor<1>>) -> Norm {
        self.with_parameters(Param::from_tensor(gamma), beta.map(Param::from_tensor))
    }

    fn with_parameters(&self, gamma: Param<Tensor<1>>, beta: Option<Param<Tensor<1>>>) -> Norm {
        Norm {
            gamma: KeepF32::new(gamma),
            beta: beta.map(KeepF32::new),
            kind: self.kind,
            epsilon: self.epsilon,
        }
    }
}

impl Norm {
    /// Features.
    pub fn width(&self) -> usize {
        self.gamma.lazy_shape().num_elements()
    }

    /// Normalizes `x` over its last dimension.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[.., d_model]`
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        in_f32(x, |x| {
            let (gamma, beta) = (self.gamma.val(), self.beta.as_ref().map(|beta| beta.val()));
            kernels::norm(self.kernel(), &x, gamma, beta).unwrap_or_else(|| self.composed(x))
        })
    }

    fn kernel(&self) -> kernels::NormParams {
        let (centre, offset) = match self.kind {
            NormKind::Layer | NormKind::LayerWithoutBias => (Centre::Mean, 0.0),
            NormKind::Rms => (Centre::Zero, 0.0),
            NormKind::RmsOffset => (Centre::Zero, 1.0),
        };
        kernels::NormParams { centre, epsilon: self.epsilon as f32, offset }
    }

    fn composed<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let gamma = self.gamma.val();
        let beta = self.beta.as_ref().map(|beta| beta.val());
        let by_root_mean_square = |x: Tensor<D>, gamma: Tensor<1>| {
            let square = x.clone() * x.clone();
            x / (square.mean_dim(D - 1) + self.epsilon).sqrt() * gamma.unsqueeze()
        };
        match self.kind {
            NormKind::Layer | NormKind::LayerWithoutBias => {
                module::layer_norm(x, gamma, beta, self.epsilon)
            }
            NormKind::Rms => by_root_mean_square(x, gamma),
            NormKind::RmsOffset => by_root_mean_square(x, gamma + 1.0),
        }
    }
}
