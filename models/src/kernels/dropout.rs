//! Dropout whose backward pass finds out again what was dropped, instead of keeping it.

use burn::tensor::{Device, Distribution, Tensor, TensorData};

use super::dispatch::operations;
use super::flex;
use super::seed::{draw, mix};

/// Drops numbers of a tensor with gradients; `None` where that is for Burn's operations to do.
pub fn dropout<const D: usize>(x: &Tensor<D>, probability: f64) -> Option<Tensor<D>> {
    let device = x.device();
    let x = x.clone().into_dispatch();
    let own = operations([&x])?.dropout;
    Some(Tensor::from_dispatch(own(x, probability, &device)))
}

/// Numbers that are dropped in training; the others grow, so that sums stay what they are on average.
///
/// What is dropped depends on the seed and on nothing else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// Of each number, below 1.
    pub probability: f64,
    /// Decides which.
    pub seed: u64,
}

impl Dropout {
    /// One whose seed the device decides.
    pub fn draw(probability: f64, device: &Device) -> Self {
        Self { probability, seed: draw(device) }
    }

    /// What numbers that are left are multiplied by.
    pub(super) fn scale(self) -> f64 {
        1.0 / (1.0 - self.probability)
    }

    /// The seed of one of many parts.
    pub(super) fn seed_of(self, part: usize) -> u64 {
        mix(self.seed, part as u64)
    }
}

/// By what numbers in the place of `x` are multiplied.
pub(super) fn factors<const D: usize>(x: &Tensor<D>, dropout: Dropout) -> Tensor<D> {
    let given = x.clone().into_dispatch();
    let is_near = operations([&given]).is_some_and(|own| (own.is_on_the_host)(&given));
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
    use burn::tensor::{Distribution, activation};

    use super::*;
    use crate::kernels::attention::{AttentionWindow, SdpaParams, attention};
    use crate::kernels::chunked_attention;
    use crate::kernels::testing::{close, devices, random};

    /// Enough queries and keys for all operations.
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
    fn gradients_of_what_was_dropped_are_zero() {
        for device in devices() {
            // More than one part, and a tail.
            let x = Tensor::<2>::random([3, 9_001], Distribution::Uniform(0.5, 1.5), &device);
            let x = Tensor::from_inner(x).require_grad();
            let left = dropout(&x, 0.25).expect("32-bit floats");
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
    fn the_device_decides_what_is_dropped() {
        for device in devices() {
            let x = Tensor::<1>::ones([20_000], &device.clone().autodiff());
            let drawn = || dropout(&x, 0.5).expect("32-bit floats").inner().into_data();
            let again = || {
                let first = drawn();
                let [seeded, once_more] = [(); 2].map(|()| {
                    device.seed(4);
                    drawn()
                });
                seeded == once_more && first != seeded
            };
            // Other tests may draw between.
            assert!((0..50).any(|_| again()), "{device:?}");
        }
    }

    /// Attention in one of its forms.
    type Form = fn([Tensor<4>; 3]) -> Tensor<4>;

    fn own([query, key, value]: [Tensor<4>; 3]) -> Tensor<4> {
        attention(&query, [&key, &value], None, params()).expect("there are many")
    }

    fn chunked(inputs: [Tensor<4>; 3]) -> Tensor<4> {
        let inputs = inputs.map(Tensor::into_dispatch);
        Tensor::from_dispatch(chunked_attention::attention(inputs, None, params()))
    }

    /// By what each weight is multiplied: all weights are the same, and values show them one by one.
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
        all.flat_map(|x| x.into_data().try_to_vec::<f32>().expect("floats")).collect()
    }

    #[test]
    fn the_backward_pass_drops_what_the_forward_pass_dropped() {
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
            // The numbers of a device are one sequence for all threads, and other tests may take some of it.
            assert!((0..50).any(|_| agrees()), "{device:?}");
        }
    }

    #[test]
    fn sums_stay_what_they_are_on_average() {
        for device in devices() {
            let factors = factors(own, &device);
            let mean = factors.clone().mean().into_scalar::<f32>();
            // Of so many numbers a thousandth is three standard errors.
            assert!((mean - 1.0).abs() < 2e-3, "{mean}");
            let of = |head: usize| factors.clone().slice_dim(1, head..head + 1);
            let differ = (of(0) - of(1)).abs().mean().into_scalar::<f32>();
            // Two heads differ where one of them drops a weight: 2 · 0.3 · 0.7 of all.
            assert!((differ - 0.6).abs() < 0.01, "{differ}");
        }
    }
}
