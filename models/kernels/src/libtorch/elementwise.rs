//! [`elementwise`](crate::elementwise) with LibTorch's kernels.

use tch::Tensor;

use super::tensors::{any, held, shared};
use crate::gradient::{Any, Operation, apply};
use crate::ops::elementwise::ActivationKind;

/// See [`activation`](crate::elementwise::activation).
pub(super) fn activation(kind: ActivationKind, x: Any) -> Any {
    apply(Activated(kind), [x])
}

/// See [`gated_activation`](crate::elementwise::gated_activation).
pub(super) fn gated_activation(kind: ActivationKind, gate: Any, up: Any) -> Any {
    apply(Gated(kind), [gate, up])
}

impl ActivationKind {
    fn value(self, x: &Tensor) -> Tensor {
        match self {
            Self::Gelu => x.gelu("none"),
            Self::GeluTanh => x.gelu("tanh"),
            Self::Silu => x.silu(),
        }
    }

    /// The gradient of `x`, given the gradient of the output.
    fn gradient(self, x: &Tensor, given: &Tensor) -> Tensor {
        match self {
            Self::Gelu => x.gelu_backward(given, "none"),
            Self::GeluTanh => x.gelu_backward(given, "tanh"),
            Self::Silu => x.silu_backward(given),
        }
    }
}

#[derive(Debug, Clone)]
struct Activated(ActivationKind);

impl Operation<1> for Activated {
    type Saved = Any;

    fn forward(&self, inputs: [Any; 1]) -> (Any, Any) {
        let [x] = inputs;
        (any(self.0.value(&held(x.clone()).tensor)), x)
    }

    fn infer(&self, inputs: [Any; 1]) -> Any {
        let [mut x] = inputs.map(held);
        if !x.can_mut() {
            return any(self.0.value(&x.tensor));
        }
        // The return value is the same tensor.
        let _ = match self.0 {
            ActivationKind::Gelu => x.tensor.gelu_("none"),
            ActivationKind::GeluTanh => x.tensor.gelu_("tanh"),
            ActivationKind::Silu => x.tensor.silu_(),
        };
        shared(x)
    }

    fn backward(&self, x: Any, gradient: Any, _: [bool; 1]) -> [Option<Any>; 1] {
        [Some(any(self.0.gradient(&held(x).tensor, &held(gradient).tensor)))]
    }
}

#[derive(Debug, Clone)]
struct Gated(ActivationKind);

impl Operation<2> for Gated {
    type Saved = [Any; 2];

    fn forward(&self, inputs: [Any; 2]) -> (Any, [Any; 2]) {
        let [gate, up] = inputs.clone().map(|x| held(x).tensor);
        (any(self.0.value(&gate).g_mul_(&up)), inputs)
    }

    fn backward(&self, saved: [Any; 2], gradient: Any, _: [bool; 2]) -> [Option<Any>; 2] {
        let [gate, up] = saved.map(|x| held(x).tensor);
        let given = held(gradient).tensor;
        let of_gate = self.0.gradient(&gate, &(&given * up));
        let of_up = self.0.value(&gate).g_mul_(&given);
        [of_gate, of_up].map(|x| Some(any(x)))
    }
}
