//! Workarounds for operations that Burn computes incorrectly on some backends.
//!
//! Each has a test in `tests/parity/burn_workarounds.rs` that fails once Burn has fixed the
//! operation, so that the workaround can be removed.

use burn::backend::{Backend, Dispatch};
use burn::tensor::{Device, Tensor, activation};

/// The exact GELU, `x Φ(x)`.
///
/// Backends without a gradient of their own for it get that of the tanh approximation (Burn 0.22.1,
/// `ops/activation.rs`, `gelu_backward`), which is off by up to 5e-4. On a device with gradients of
/// such a backend, the function is composed of operations whose gradients are exact.
///
/// Reference: Hendrycks and Gimpel 2016, §2, <https://arxiv.org/abs/1606.08415>
pub(super) fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let device = x.device();
    if !device.is_autodiff() || has_gradient_of_gelu(&device) {
        return activation::gelu(x);
    }
    let half = x.clone() * 0.5;
    half.clone() + half * (x * std::f64::consts::FRAC_1_SQRT_2).erf()
}

/// Whether the backend has a gradient of the exact GELU.
fn has_gradient_of_gelu(device: &Device) -> bool {
    let name = Dispatch::name(device.as_dispatch());
    ["flex", "libtorch"].iter().any(|backend| name.contains(backend))
}
