//! [`elementwise`](crate::elementwise) for tensors in host memory.

use std::fmt::Debug;
use std::marker::PhantomData;

use super::host::{PART, any, contiguous, empty, f32_slice, owned, vectorized, write_parts};
use super::math::{erf, exp, sigmoid};
use crate::gradient::{Any, Operation, apply};
use crate::ops::elementwise::ActivationKind;

/// An elementwise activation function and its derivative.
trait ActivationFn: Clone + Copy + Debug + Send + Sync + 'static {
    /// `f(x)`
    fn value(x: f32) -> f32;

    /// `f'(x)`
    fn derivative(x: f32) -> f32;
}

/// `x Φ(x)` with the error function.
#[derive(Debug, Clone, Copy)]
struct Gelu;

impl ActivationFn for Gelu {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x * normal(x)
    }

    #[inline(always)]
    fn derivative(x: f32) -> f32 {
        const DENSITY_OF_0: f32 = 0.398_942_3;
        normal(x) + x * DENSITY_OF_0 * exp(-0.5 * x * x)
    }
}

/// The cumulative distribution function of the standard normal distribution.
#[inline(always)]
fn normal(x: f32) -> f32 {
    0.5 + 0.5 * erf(x * std::f32::consts::FRAC_1_SQRT_2)
}

/// `x σ(2 sqrt(2/π) (x + 0.044715 x³))`, the approximation of [`Gelu`] through `tanh`.
#[derive(Debug, Clone, Copy)]
struct GeluTanh;

/// `2 sqrt(2/π)`
const TWO_SQRT_2_OVER_PI: f32 = 1.595_769;
const CUBIC: f32 = 0.044_715;

impl ActivationFn for GeluTanh {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x * sigmoid(TWO_SQRT_2_OVER_PI * x * (1.0 + CUBIC * x * x))
    }

    #[inline(always)]
    fn derivative(x: f32) -> f32 {
        let weight = sigmoid(TWO_SQRT_2_OVER_PI * x * (1.0 + CUBIC * x * x));
        let inner = TWO_SQRT_2_OVER_PI * (1.0 + 3.0 * CUBIC * x * x);
        weight + x * weight * (1.0 - weight) * inner
    }
}

/// `x σ(x)`
#[derive(Debug, Clone, Copy)]
struct Silu;

impl ActivationFn for Silu {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x * sigmoid(x)
    }

    #[inline(always)]
    fn derivative(x: f32) -> f32 {
        let weight = sigmoid(x);
        weight + x * weight * (1.0 - weight)
    }
}

/// See [`elementwise::activation`](crate::elementwise::activation).
pub(super) fn activation(kind: ActivationKind, x: Any) -> Any {
    match kind {
        ActivationKind::Gelu => apply(Activated::<Gelu>(PhantomData), [x]),
        ActivationKind::GeluTanh => apply(Activated::<GeluTanh>(PhantomData), [x]),
        ActivationKind::Silu => apply(Activated::<Silu>(PhantomData), [x]),
    }
}

/// See [`elementwise::gated_activation`](crate::elementwise::gated_activation).
pub(super) fn gated_activation(kind: ActivationKind, gate: Any, up: Any) -> Any {
    let inputs = [gate, up];
    match kind {
        ActivationKind::Gelu => apply(Gated::<Gelu>(PhantomData), inputs),
        ActivationKind::GeluTanh => apply(Gated::<GeluTanh>(PhantomData), inputs),
        ActivationKind::Silu => apply(Gated::<Silu>(PhantomData), inputs),
    }
}

#[derive(Debug, Clone)]
struct Activated<C>(PhantomData<C>);

impl<C: ActivationFn> Operation<1> for Activated<C> {
    type Saved = Any;

    fn forward(&self, inputs: [Any; 1]) -> (Any, Any) {
        let [x] = inputs;
        let input = contiguous(x.clone());
        let mut result = empty(input.layout().shape().as_slice());
        let values = f32_slice(&input);
        write_parts(result.storage_mut(), PART, |at, into| {
            vectorized(|| {
                for (into, x) in into.iter_mut().zip(&values[at]) {
                    *into = C::value(*x);
                }
            });
        });
        (any(result), x)
    }

    fn infer(&self, inputs: [Any; 1]) -> Any {
        let [mut x] = inputs.map(owned);
        write_parts(x.storage_mut(), PART, |_, into| {
            vectorized(|| into.iter_mut().for_each(|x| *x = C::value(*x)));
        });
        any(x)
    }

    fn backward(&self, x: Any, gradient: Any, _: [bool; 1]) -> [Option<Any>; 1] {
        let (x, mut gradient) = (contiguous(x), owned(gradient));
        let values = f32_slice(&x);
        write_parts(gradient.storage_mut(), PART, |at, into| {
            vectorized(|| {
                for (into, x) in into.iter_mut().zip(&values[at]) {
                    *into *= C::derivative(*x);
                }
            });
        });
        [Some(any(gradient))]
    }
}

#[derive(Debug, Clone)]
struct Gated<C>(PhantomData<C>);

impl<C: ActivationFn> Operation<2> for Gated<C> {
    type Saved = [Any; 2];

    fn forward(&self, inputs: [Any; 2]) -> (Any, [Any; 2]) {
        let [gate, up] = inputs.clone().map(contiguous);
        let mut result = empty(gate.layout().shape().as_slice());
        let (gate, up) = (f32_slice(&gate), f32_slice(&up));
        write_parts(result.storage_mut(), PART, |at, into| {
            vectorized(|| {
                let terms = gate[at.clone()].iter().zip(&up[at]);
                for (into, (gate, up)) in into.iter_mut().zip(terms) {
                    *into = C::value(*gate) * up;
                }
            });
        });
        (any(result), inputs)
    }

    fn backward(&self, saved: [Any; 2], gradient: Any, _: [bool; 2]) -> [Option<Any>; 2] {
        let [gate, up] = saved.map(contiguous);
        let (gate, up) = (f32_slice(&gate), f32_slice(&up));
        let gradient = owned(gradient);
        let mut of_gate = empty(gradient.layout().shape().as_slice());
        let given = f32_slice(&gradient);
        write_parts(of_gate.storage_mut(), PART, |at, into| {
            vectorized(|| {
                let terms = gate[at.clone()].iter().zip(&up[at.clone()]).zip(&given[at]);
                for (into, ((gate, up), given)) in into.iter_mut().zip(terms) {
                    *into = given * up * C::derivative(*gate);
                }
            });
        });
        let mut of_up = gradient;
        write_parts(of_up.storage_mut(), PART, |at, into| {
            vectorized(|| {
                for (into, gate) in into.iter_mut().zip(&gate[at]) {
                    *into *= C::value(*gate);
                }
            });
        });
        [Some(any(of_gate)), Some(any(of_up))]
    }
}
