//! What a model learns: batches, their loss, and predictions.

use std::fmt::Debug;

use burn::tensor::Tensor;
use burn::train::ItemLazy;
use zoo_models::checkpoint::Model;
use zoo_models::generate::GenerateError;

use crate::prediction::Prediction;

/// A training objective: what is trained, validated and compared with the same code.
pub trait Objective: Clone + Debug + Send {
    /// An input with its target.
    type Example;
    /// Examples as the inputs and targets of a forward pass, on the host.
    type Batch: Debug + Send;

    /// Builds a batch.
    fn batch(&self, examples: &[Self::Example]) -> Self::Batch;

    /// The size of a batch.
    fn size(&self, batch: &Self::Batch) -> BatchSize;

    /// The loss of a batch: a sum and its number of targets.
    ///
    /// # Panics
    ///
    /// Panics if the model's head does not match the objective.
    fn loss(&self, model: &Model, batch: &Self::Batch) -> BatchLoss;

    /// The loss with label smoothing: `smoothing` is the share of each target that is spread over
    /// all classes. An objective whose targets are not classes has none, and this is its loss.
    ///
    /// # Panics
    ///
    /// Panics if the model's head does not match the objective.
    fn smoothed_loss(&self, model: &Model, batch: &Self::Batch, _smoothing: f64) -> BatchLoss {
        self.loss(model, batch)
    }

    /// The prediction for each example.
    ///
    /// # Errors
    ///
    /// The model's outputs are NaN or infinite; the device failed.
    fn predict(
        &self,
        model: &Model,
        examples: &[Self::Example],
    ) -> Result<Vec<Prediction>, GenerateError>;
}

/// The size of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchSize {
    /// Input tokens, which speed is measured in.
    pub tokens: usize,
    /// Targets, which the loss is a mean over.
    pub targets: usize,
}

/// One forward pass: a batch of any objective.
pub trait Pass: Debug + Send {
    /// The loss of the batch.
    fn loss(&self, model: &Model) -> BatchLoss;

    /// The loss of the batch with label smoothing; see [`Objective::smoothed_loss`].
    fn smoothed_loss(&self, model: &Model, _smoothing: f64) -> BatchLoss {
        self.loss(model)
    }

    /// The size of the batch.
    fn size(&self) -> BatchSize;
}

/// A batch with its objective.
#[derive(Debug)]
pub struct ObjectiveBatch<O: Objective> {
    /// The objective.
    pub objective: O,
    /// The batch.
    pub batch: O::Batch,
}

impl<O: Objective> Pass for ObjectiveBatch<O> {
    fn loss(&self, model: &Model) -> BatchLoss {
        self.objective.loss(model, &self.batch)
    }

    fn smoothed_loss(&self, model: &Model, smoothing: f64) -> BatchLoss {
        self.objective.smoothed_loss(model, &self.batch, smoothing)
    }

    fn size(&self) -> BatchSize {
        self.objective.size(&self.batch)
    }
}

/// The loss of a batch, as a tensor.
#[derive(Debug, Clone)]
pub struct BatchLoss {
    /// The sum of the losses: of cross-entropies, in nats.
    pub sum: Tensor<1>,
    /// The number of targets.
    pub targets: usize,
}

/// The loss of forward passes, on the host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossSum {
    /// The sum of the losses. NaN if the device failed.
    pub sum: f64,
    /// The number of targets.
    pub targets: usize,
}

impl LossSum {
    /// No loss, and no targets.
    pub const ZERO: Self = Self { sum: 0.0, targets: 0 };

    /// The mean loss per target.
    pub fn mean(&self) -> f64 {
        self.sum / self.targets.max(1) as f64
    }

    /// Adds the loss of another pass.
    pub fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.targets += other.targets;
    }
}

impl ItemLazy for LossSum {
    fn sync(self) -> Result<Self, burn::tensor::ExecutionError> {
        Ok(self)
    }
}

impl BatchLoss {
    /// Reads the loss, which waits until it is computed.
    pub fn read(self) -> LossSum {
        let sum = self.sum.try_into_scalar::<f64>().unwrap_or(f64::NAN);
        LossSum { sum, targets: self.targets }
    }
}
