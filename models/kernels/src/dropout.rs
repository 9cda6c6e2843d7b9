//! Dropout whose backward pass recomputes the dropout mask instead of storing it.

use burn::tensor::{Distribution, Tensor, TensorData};

use crate::dispatch::kernels;
use crate::flex;
pub use crate::ops::dropout::Dropout;

/// Applies dropout to a tensor with gradients; `None` if no kernel supports the inputs.
pub fn dropout<const D: usize>(x: &Tensor<D>, probability: f64) -> Option<Tensor<D>> {
    let device = x.device();
    let x = x.clone().into_dispatch();
    let own = kernels([&x])?.dropout;
    Some(Tensor::from_dispatch(own(x, probability, &device)))
}

/// The dropout factors for a tensor of the shape of `x`.
pub(crate) fn factors<const D: usize>(x: &Tensor<D>, dropout: Dropout) -> Tensor<D> {
    let given = x.clone().into_dispatch();
    let is_near = kernels([&given]).is_some_and(|own| (own.is_on_the_host)(&given));
    let own = if is_near { flex::factors(dropout, x.shape().num_elements()) } else { None };
    match own {
        Some(factors) => Tensor::from_data(TensorData::new(factors, x.shape()), &x.device()),
        None => {
            x.device().seed(dropout.seed);
            x.random_like(Distribution::Bernoulli(1.0 - dropout.probability)) * dropout.scale()
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, activation};

    use super::*;
    use crate::attention::{AttentionWindow, SdpaParams, attention};
    use crate::chunked_attention;
    use crate::ops::attention::SdpaInputs;
    use crate::testing::{close, devices, random};

    /// Enough queries and keys for all attention kernels, chunked attention included.
    const N: usize = 530;
    const HEADS: [usize; 4] = [2, 2, N, 3];

    fn params() -> SdpaParams {
        SdpaParams {
            scale: 0.6,
            softcap: None,
            window: AttentionWindow { left: None, right: None, key_mask: [].into() },
            dropout: Some(Dropout { probability: 0.3, seed: 9 }),
        }
    }

    #[test]
    fn gradients_of_dropped_elements_are_zero() {
        for device in devices() {
            // More than one part, and a remainder.
            let x = Tensor::<2>::random([3, 9_001], Distribution::Uniform(0.5, 1.5), &device);
            let x = Tensor::from_inner(x).require_grad();
            let left = dropout(&x, 0.25).expect("a kernel");
            let gradients = left.clone().sum().backward();
            let of_x = x.grad(&gradients).expect("a gradient");
            let factors = left.inner() / x.inner();
            close(of_x, factors.clone());
            let zeros = factors.clone().equal_scalar(0.0).float().mean().into_scalar::<f32>();
            assert!((zeros - 0.25).abs() < 0.01, "{zeros}");
            let largest = factors.max().into_scalar::<f32>();
            assert!((largest - 1.0 / 0.75).abs() < 1e-5, "{largest}");
        }
    }

    #[test]
    fn device_seed_determines_the_mask() {
        for device in devices() {
            let x = Tensor::<1>::ones([20_000], &device.clone().autodiff());
            let drawn = || dropout(&x, 0.5).expect("a kernel").inner().into_data();
            let again = || {
                let first = drawn();
                let [seeded, once_more] = [(); 2].map(|()| {
                    device.seed(4);
                    drawn()
                });
                seeded == once_more && first != seeded
            };
            // Other tests may advance the device's random generator in between.
            assert!((0..50).any(|_| again()), "{device:?}");
        }
    }

    /// An implementation of attention.
    type Form = fn([Tensor<4>; 3]) -> Tensor<4>;

    fn own([query, key, value]: [Tensor<4>; 3]) -> Tensor<4> {
        attention(&query, &key, &value, None, params()).expect("a kernel")
    }

    fn chunked(inputs: [Tensor<4>; 3]) -> Tensor<4> {
        let inputs = SdpaInputs::from(inputs.map(Tensor::into_dispatch));
        Tensor::from_dispatch(chunked_attention::attention(inputs, params()))
    }

    /// The factor on each weight: all weights are equal, and one-hot values make them visible.
    fn factors(form: Form, device: &Device) -> Tensor<4> {
        let zeros = Tensor::<4>::zeros([HEADS[0], HEADS[1], N, N], device);
        let values = Tensor::<2>::eye(N, device).reshape([1, 1, N, N]);
        form([zeros.clone(), zeros.clone(), values.expand(zeros.dims())]) * N as f64
    }

    /// The result and the gradients of the inputs.
    fn computed(inputs: &[Tensor<4>; 3], form: impl Fn([Tensor<4>; 3]) -> Tensor<4>) -> Vec<f32> {
        let inputs = inputs.clone().map(|x| Tensor::from_inner(x).require_grad());
        let result = form(inputs.clone());
        let gradients = result.clone().powi_scalar(2).sum().backward();
        let of_inputs = inputs.map(|x| x.grad(&gradients).expect("every input has a gradient"));
        let all = [result.inner()].into_iter().chain(of_inputs);
        all.flat_map(|x| x.into_data().try_to_vec::<f32>().expect("f32 data")).collect()
    }

    #[test]
    fn backward_pass_repeats_the_dropout_mask() {
        let forms = [own as Form, chunked].into_iter();
        for (form, device) in forms.flat_map(|form| devices().into_iter().map(move |d| (form, d))) {
            let inputs = [(); 3].map(|()| random(HEADS, &device));
            let agrees = || {
                let factors = factors(form, &device);
                let composed = |[query, key, value]: [Tensor<4>; 3]| {
                    let weights = activation::softmax(query.matmul(key.transpose()) * 0.6, 3);
                    (weights * Tensor::from_inner(factors.clone())).matmul(value)
                };
                let [found, expected] = [computed(&inputs, form), computed(&inputs, composed)];
                found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5)
            };
            // All threads share the device's random generator, so other tests may advance it.
            assert!((0..50).any(|_| agrees()), "{device:?}");
        }
    }

    #[test]
    fn expected_sums_are_unchanged() {
        for device in devices() {
            let factors = factors(own, &device);
            let mean = factors.clone().mean().into_scalar::<f32>();
            // For this many elements, a thousandth is three standard errors.
            assert!((mean - 1.0).abs() < 2e-3, "{mean}");
            let of = |head: usize| factors.clone().slice_dim(1, head..head + 1);
            let differ = (of(0) - of(1)).abs().mean().into_scalar::<f32>();
            // Two heads differ where exactly one of them drops a weight: 2 · 0.3 · 0.7 of all.
            assert!((differ - 0.6).abs() < 0.01, "{differ}");
        }
    }
}
