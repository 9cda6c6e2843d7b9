//! Backend bugs that the zoo works around, each with a test that fails once Burn has fixed the bug,
//! so that the workaround can be removed.

use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, Device, Tensor, activation};
use burn_zoo::device;
use burn_zoo::models::layers::activation::Activation;

use super::is_there;
use crate::golden::{relative_error, values};

const POINTS: [f32; 9] = [-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0];

/// The derivative of `x Φ(x)` at [`POINTS`]: Φ(x) + x φ(x), from tables of the normal distribution.
const DERIVATIVES: [f32; 9] = [
    -0.011_945_648,
    -0.085_231_8,
    -0.083_315_47,
    0.132_504_87,
    0.5,
    0.867_495_1,
    1.083_315_5,
    1.085_231_8,
    1.011_945_6,
];

/// The largest error of a function's derivative.
fn error(function: fn(Tensor<1>) -> Tensor<1>, device: &Device) -> f64 {
    let x = Tensor::<1>::from_floats(POINTS, &device.clone().autodiff()).require_grad();
    let gradients = function(x.clone()).sum().backward();
    relative_error(&values(x.grad(&gradients).unwrap()), &DERIVATIVES).0
}

/// `layers::burn_workarounds::gelu`
#[test]
fn burn_still_has_the_wrong_gradient_of_the_exact_gelu() {
    for backend in ["ndarray", "wgpu"] {
        if !is_there(backend, "the gradient of GELU") {
            continue;
        }
        let device = device::parse(backend).unwrap();
        let burns = error(activation::gelu, &device);
        assert!(burns > 1e-5, "{backend} is off by {burns:.1e}: the workaround for it can go");
        let ours = error(|x| Activation::Gelu.forward(x), &device);
        assert!(ours < 1e-6, "{backend} with the workaround is off by {ours:.1e}");
    }
    for backend in ["flex", "tch"] {
        if is_there(backend, "the gradient of GELU") {
            let found = error(|x| Activation::Gelu.forward(x), &device::parse(backend).unwrap());
            assert!(found < 1e-6, "{backend}, which needs no workaround, is off by {found:.1e}");
        }
    }
}

/// The attention layer composes its own operation from products and a softmax, on every backend.
#[test]
fn libtorch_still_inverts_the_mask_of_burns_attention() {
    if !is_there("tch", "the mask of attention") {
        return;
    }
    let attend = |name: &str| {
        let device = device::parse(name).unwrap();
        let x = Tensor::<4>::from_floats([[[[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]]]], &device);
        // The last key is masked.
        let hidden = Tensor::<4, Bool>::from_bool(
            [[[[false, false, true], [false, false, true], [false, false, true]]]],
            &device,
        );
        let options = AttentionModuleOptions::default();
        values(attention(x.clone(), x.clone(), x, Some(hidden), None, options))
    };
    let (error, _) = relative_error(&attend("tch"), &attend("flex"));
    assert!(error > 0.1, "off by {error:.1e}: the fused attention may be used on LibTorch");
}
