//! Activation functions, by the names that configs have for them.

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};
use zoo_kernels::elementwise::{self, ActivationKind};

use super::burn_workarounds;
use crate::precision::in_f32;

/// An elementwise non-linearity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// `x Φ(x)` with the error function.
    Gelu,
    /// `x Φ(x)` with `Φ` approximated through `tanh`.
    GeluTanh,
    /// `max(0, x)`
    Relu,
    /// `x σ(x)`, also called swish.
    Silu,
    /// `tanh(x)`
    Tanh,
}

impl Activation {
    /// Applies the function to every element.
    pub fn forward<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Gelu => in_f32(x, |x| fused_or(ActivationKind::Gelu, x, burn_workarounds::gelu)),
            Self::GeluTanh => in_f32(x, |x| fused_or(ActivationKind::GeluTanh, x, gelu_tanh)),
            Self::Relu => activation::relu(x),
            Self::Silu => in_f32(x, |x| fused_or(ActivationKind::Silu, x, activation::silu)),
            Self::Tanh => in_f32(x, Tensor::tanh),
        }
    }

    /// Applies the function to every element of `gate`, and multiplies by `up`.
    pub fn gated<const D: usize>(self, gate: Tensor<D>, up: Tensor<D>) -> Tensor<D> {
        let fused = match self {
            Self::Gelu => elementwise::gated_activation(ActivationKind::Gelu, &gate, &up),
            Self::GeluTanh => elementwise::gated_activation(ActivationKind::GeluTanh, &gate, &up),
            Self::Silu => elementwise::gated_activation(ActivationKind::Silu, &gate, &up),
            Self::Relu | Self::Tanh => None,
        };
        fused.unwrap_or_else(|| self.forward(gate) * up)
    }
}

/// A fused kernel where there is one, else the composed function.
fn fused_or<const D: usize>(
    kind: ActivationKind,
    x: Tensor<D>,
    composed: fn(Tensor<D>) -> Tensor<D>,
) -> Tensor<D> {
    elementwise::activation(kind, &x).unwrap_or_else(|| composed(x))
}

/// The tanh approximation of GELU, computed with the logistic function.
///
/// ```text
/// 0.5 x (1 + tanh(u)) = x σ(2u),   u = sqrt(2/π) (x + 0.044715 x³)
/// ```
///
/// The two forms are equal. This one costs one exponential and a few products, where `tanh` and a
/// floating-point power would take most of a training step on a CPU.
///
/// Reference: Hendrycks and Gimpel 2016, §2, <https://arxiv.org/abs/1606.08415>
fn gelu_tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let two_sqrt_2_over_pi = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
    let cubic = x.clone() * x.clone() * x.clone() * (0.044_715 * two_sqrt_2_over_pi);
    let inner = x.clone() * two_sqrt_2_over_pi + cubic;
    x * activation::sigmoid(inner)
}
