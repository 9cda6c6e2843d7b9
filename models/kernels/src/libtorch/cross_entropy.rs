//! [`cross_entropy`](crate::cross_entropy) with LibTorch's kernels.

use std::sync::Arc;

use burn::backend::libtorch::TchTensor;
use tch::{Kind, Tensor};

use super::tensors::{any, held, owned, shared};
use crate::gradient::{Any, Operation, apply};
use crate::ops::cross_entropy::Classes;

/// Elements of the scores that are processed at a time, few enough for the processor's caches.
const PART: i64 = 1 << 18;

/// See [`cross_entropy_sum`](crate::cross_entropy::cross_entropy_sum).
pub(super) fn cross_entropy_sum(scores: Any, classes: &Classes) -> Any {
    apply(CrossEntropy { classes: Arc::clone(classes) }, [scores])
}

#[derive(Debug, Clone)]
struct CrossEntropy {
    classes: Classes,
}

impl CrossEntropy {
    /// `[rows, 1]` each: the class of each row (0 for ignored rows), and 1 for rows with a class,
    /// otherwise 0.
    ///
    /// # Panics
    ///
    /// Panics if a class is out of range.
    fn columns(&self, scores: &Tensor) -> [Tensor; 2] {
        let width = scores.size()[1];
        let class = |class: &Option<usize>| {
            let class = class.unwrap_or(0) as i64;
            assert!(class < width, "class {class} of {width}");
            class
        };
        let classes: Vec<i64> = self.classes.iter().map(class).collect();
        let counts: Vec<f32> =
            self.classes.iter().map(|class| f32::from(class.is_some())).collect();
        let device = scores.device();
        [Tensor::from_slice(&classes), Tensor::from_slice(&counts)]
            .map(|column| column.to_device(device).unsqueeze(1))
    }
}

impl Operation<1> for CrossEntropy {
    /// The log-probabilities of all classes.
    type Saved = TchTensor;

    fn forward(&self, inputs: [Any; 1]) -> (Any, TchTensor) {
        let [scores] = inputs;
        let log_probs = held(scores).tensor.log_softmax(-1, None::<Kind>);
        let [classes, counts] = self.columns(&log_probs);
        let of_classes = log_probs.gather(1, &classes, false);
        let loss = -of_classes.reshape([-1]).dot(&counts.reshape([-1]));
        (any(loss.reshape([1])), TchTensor::new(log_probs))
    }

    /// ```text
    /// dx = g (softmax(x) - one-hot(class))
    /// ```
    fn backward(&self, saved: TchTensor, gradient: Any, _: [bool; 1]) -> [Option<Any>; 1] {
        let mut result = owned(shared(saved));
        let [classes, counts] = self.columns(&result.tensor);
        let factors = counts * held(gradient).tensor;
        let [rows, width] = [0, 1].map(|dim| result.tensor.size()[dim]);
        let part = (PART / width.max(1)).max(1);
        for start in (0..rows).step_by(part as usize) {
            let length = part.min(rows - start);
            let mut part = result.tensor.narrow(0, start, length);
            let _ = part.exp_().g_mul_(&factors.narrow(0, start, length));
        }
        let _ = result.tensor.scatter_add_(1, &classes, &-factors);
        [Some(shared(result))]
    }
}
