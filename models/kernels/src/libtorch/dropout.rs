//! [`dropout`](crate::dropout) with LibTorch's kernels.

use burn::tensor::Device;
use tch::Tensor;

use super::tensors::{any, held, is_on_the_host};
use crate::flex;
use crate::gradient::{Any, Operation, apply};
use crate::ops::dropout::Dropout;

/// See [`dropout`](crate::dropout::dropout).
pub(super) fn dropout(x: Any, probability: f64, device: &Device) -> Any {
    // LibTorch's CPU kernel samples sequentially, which is slow.
    let own = is_on_the_host(&x).then(|| Dropout::draw(probability, device));
    apply(Dropped { probability, own }, [x])
}

#[derive(Debug, Clone)]
struct Dropped {
    probability: f64,
    /// Our own dropout mask, if LibTorch's is not used.
    own: Option<Dropout>,
}

/// The mask of kept elements, if it was sampled by LibTorch.
#[derive(Debug)]
struct Left(Option<Tensor>);

impl Clone for Left {
    fn clone(&self) -> Self {
        Self(self.0.as_ref().map(Tensor::shallow_clone))
    }
}

impl Dropped {
    fn factors(&self, x: &Tensor) -> Option<Tensor> {
        let shape = x.size();
        let factors = flex::factors(self.own?, shape.iter().product::<i64>() as usize)?;
        Some(Tensor::from_slice(&factors).reshape(shape))
    }
}

impl Operation<1> for Dropped {
    type Saved = Left;

    fn forward(&self, inputs: [Any; 1]) -> (Any, Left) {
        let [x] = inputs.map(|x| held(x).tensor);
        match self.factors(&x) {
            Some(mut factors) => (any(factors.g_mul_(&x)), Left(None)),
            None => {
                let (result, left) = x.native_dropout(self.probability, true);
                (any(result), Left(Some(left)))
            }
        }
    }

    fn backward(&self, Left(left): Left, gradient: Any, _: [bool; 1]) -> [Option<Any>; 1] {
        let gradient = held(gradient).tensor;
        let scale = 1.0 / (1.0 - self.probability);
        let found = match left {
            Some(left) => Some(Tensor::native_dropout_backward(&gradient, &left, scale)),
            None => self.factors(&gradient).map(|mut factors| factors.g_mul_(&gradient)),
        };
        [found.map(any)]
    }
}
