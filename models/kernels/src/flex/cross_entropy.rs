//! [`cross_entropy`](crate::cross_entropy) for tensors in host memory.

use std::sync::Arc;

use super::host::{any, contiguous, empty, f32_slice, in_parallel, owned, vectorized, write_parts};
use super::math::{exp, max, sum_of_exponentials};
use crate::gradient::{Any, Operation, apply};
use crate::ops::cross_entropy::Classes;

/// See [`cross_entropy_sum`](crate::cross_entropy::cross_entropy_sum).
pub(super) fn cross_entropy_sum(scores: Any, classes: &Classes) -> Any {
    apply(CrossEntropy { classes: Arc::clone(classes) }, [scores])
}

#[derive(Debug, Clone)]
struct CrossEntropy {
    classes: Classes,
}

#[derive(Debug, Clone)]
struct Saved {
    scores: Any,
    /// The logsumexp of each row with a class.
    logsumexp: Vec<f32>,
}

impl Operation<1> for CrossEntropy {
    type Saved = Saved;

    fn forward(&self, inputs: [Any; 1]) -> (Any, Saved) {
        let [scores] = inputs;
        let input = contiguous(scores.clone());
        let values = f32_slice(&input);
        let width = input.layout().shape()[1];
        let logsumexp = in_parallel(self.classes.len(), |row| {
            let row = self.classes[row].map(|_| &values[row * width..][..width]);
            row.map_or(0.0, |row| {
                vectorized(|| {
                    let largest = max(row);
                    largest + sum_of_exponentials(row, largest).ln()
                })
            })
        });
        let losses = self.classes.iter().zip(&logsumexp).enumerate();
        let losses = losses.filter_map(|(row, (class, row_logsumexp))| {
            class.map(|class| f64::from(row_logsumexp - values[row * width..][..width][class]))
        });
        let mut loss = empty(&[1]);
        loss.storage_mut::<f32>()[0] = losses.sum::<f64>() as f32;
        (any(loss), Saved { scores, logsumexp })
    }

    fn backward(&self, saved: Saved, gradient: Any, _: [bool; 1]) -> [Option<Any>; 1] {
        let factor = f32_slice(&contiguous(gradient))[0];
        let mut scores = owned(saved.scores);
        let width = scores.layout().shape()[1];
        write_parts(scores.storage_mut(), width, |at, into| {
            let row = at.start / width;
            let Some(class) = self.classes[row] else {
                into.fill(0.0);
                return;
            };
            let row_logsumexp = saved.logsumexp[row];
            vectorized(|| into.iter_mut().for_each(|x| *x = factor * exp(*x - row_logsumexp)));
            into[class] -= factor;
        });
        [Some(any(scores))]
    }
}
