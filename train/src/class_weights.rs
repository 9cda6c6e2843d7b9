//! Classes that weigh more or less in the loss.

use burn::tensor::Tensor;
use zoo_models::checkpoint::Model;

use crate::class_scores::weighted_cross_entropy_sum;
use crate::objective::{BatchLoss, BatchSize, Objective, ObjectiveBatch, Pass};

/// An objective with one class for each example.
pub trait ClassObjective: Objective {
    /// The scores of all classes, `[rows, classes]`.
    ///
    /// # Panics
    ///
    /// Panics if the model's head does not match the objective.
    fn scores(&self, model: &Model, batch: &Self::Batch) -> Tensor<2>;

    /// The class of each row.
    fn classes(&self, batch: &Self::Batch) -> Vec<u32>;

    /// A forward pass. With `weights`, the rows weigh differently in the loss.
    fn pass(&self, examples: &[Self::Example], weights: Option<&RowWeights<'_>>) -> Box<dyn Pass>
    where
        Self: 'static,
        Self::Batch: 'static,
    {
        let (objective, batch) = (self.clone(), self.batch(examples));
        match weights {
            Some(weights) => {
                let weights = weights.of_all();
                Box::new(WeightedBatch { objective, batch, weights })
            }
            None => Box::new(ObjectiveBatch { objective, batch }),
        }
    }
}

/// The weights of rows in the loss.
///
/// The mean loss is `sum_i w_i l_i / sum_i w_i` over the rows of a step, with the weights of their
/// classes, as in PyTorch's `CrossEntropyLoss(weight=...)`. Here the weights are divided by their mean
/// over the step, so that the divisor is the number of rows: micro-batches of any classes give the
/// gradient of one batch.
#[derive(Debug, Clone, Copy)]
pub struct RowWeights<'a> {
    weights: &'a [f32],
    /// The mean weight of the rows of a step.
    mean: f64,
}

impl<'a> RowWeights<'a> {
    /// The weights of a step with rows of these classes.
    pub fn new(weights: &'a [f32], step: impl Iterator<Item = u32>) -> Self {
        let (mut sum, mut count) = (0.0, 0_usize);
        for class in step {
            sum += f64::from(weights[class as usize]);
            count += 1;
        }
        Self { weights, mean: if count == 0 { 1.0 } else { sum / count as f64 } }
    }

    /// The weight of each row, for some of the step's rows.
    pub fn of(&self, classes: &[u32]) -> Vec<f32> {
        let weights = self.of_all();
        classes.iter().map(|class| weights[*class as usize]).collect()
    }

    /// The weight of a row of each class.
    pub fn of_all(&self) -> Vec<f32> {
        self.weights.iter().map(|weight| (f64::from(*weight) / self.mean) as f32).collect()
    }
}

/// A batch whose rows have weights.
#[derive(Debug)]
struct WeightedBatch<O: ClassObjective> {
    objective: O,
    batch: O::Batch,
    /// Of each class.
    weights: Vec<f32>,
}

impl<O: ClassObjective> Pass for WeightedBatch<O> {
    fn loss(&self, model: &Model) -> BatchLoss {
        self.smoothed_loss(model, 0.0)
    }

    fn smoothed_loss(&self, model: &Model, smoothing: f64) -> BatchLoss {
        let classes = self.objective.classes(&self.batch);
        let scores = self.objective.scores(model, &self.batch);
        let sum = weighted_cross_entropy_sum(scores, &classes, &self.weights, smoothing);
        BatchLoss { sum, targets: classes.len() }
    }

    fn size(&self) -> BatchSize {
        self.objective.size(&self.batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_a_step_have_mean_one() {
        let classes = [0, 1, 1, 2];
        let weights = RowWeights::new(&[1.0, 0.5, 2.0], classes.iter().copied());
        let of_rows = weights.of(&classes);
        assert_eq!(of_rows, [1.0, 0.5, 0.5, 2.0]);
        let doubled = RowWeights::new(&[2.0, 1.0, 4.0], classes.iter().copied());
        assert_eq!(doubled.of(&classes), of_rows);
        assert_eq!([weights.of(&classes[..1]), weights.of(&classes[1..])].concat(), of_rows);
        assert_eq!(RowWeights::new(&[3.0], std::iter::empty()).of(&[0]), [3.0]);
    }
}
