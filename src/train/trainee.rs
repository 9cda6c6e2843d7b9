//! The model as burn-train sees it.

use burn::module::Module;
use burn::tensor::{ExecutionError, Tensor};
use burn::train::{InferenceStep, ItemLazy, TrainOutput, TrainStep};

use crate::datasets::batch::LmBatch;
use crate::models::arch::Tokens;
use crate::models::heads::CausalLm;
use crate::models::heads::cross_entropy::{Targets, cross_entropy_sum};
use crate::models::layers::embedding::token_ids;
use crate::models::layers::mask::Padding;

/// A causal language model in training.
#[derive(Module, Debug)]
pub struct Trainee {
    /// The model.
    pub model: CausalLm,
}

/// A batch, and the number of targets of the whole step that it belongs to.
#[derive(Debug, Clone)]
pub struct StepBatch {
    /// The tokens.
    pub batch: LmBatch,
    /// What the loss is divided by, so that the gradients of all batches of a step add up to those
    /// of one big batch, however many targets each has.
    pub step_targets: usize,
}

/// What one forward pass says.
#[derive(Debug, Clone)]
pub struct LossSum {
    /// Sum of the losses, in nats. NaN where the device failed.
    pub nats: f64,
    /// The number of targets.
    pub targets: usize,
}

impl LossSum {
    /// Nats per target.
    pub fn mean(&self) -> f64 {
        self.nats / self.targets as f64
    }
}

/// What one step says.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// The losses of the step's batches.
    pub loss: LossSum,
    /// Norm of all gradients together, before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub rate: f64,
    /// Speed of the step.
    pub tokens_per_second: f64,
}

impl ItemLazy for StepReport {
    fn sync(self) -> Result<Self, ExecutionError> {
        Ok(self)
    }
}

impl ItemLazy for LossSum {
    fn sync(self) -> Result<Self, ExecutionError> {
        Ok(self)
    }
}

impl Trainee {
    /// The sum of a batch's losses, and the number of its targets.
    pub fn loss(&self, batch: &LmBatch) -> (Tensor<1>, usize) {
        let device = self.model.device();
        let tokens = token_ids(&batch.inputs, batch.rows, &device);
        let logits = self.model.forward(&Tokens::new(tokens, Padding::none()));
        let [rows, context, vocab_size] = logits.dims();
        let targets = Targets::new(&batch.targets, &device);
        let loss = cross_entropy_sum(logits.reshape([rows * context, vocab_size]), &targets);
        (loss, targets.count())
    }
}

fn read(loss: Tensor<1>) -> f64 {
    loss.try_into_scalar::<f64>().unwrap_or(f64::NAN)
}

impl TrainStep for Trainee {
    type Input = StepBatch;
    type Output = StepReport;

    /// One forward and backward pass; the strategy adds up a step's passes and fills in the rest.
    fn step(&self, item: StepBatch) -> TrainOutput<StepReport> {
        let (loss, targets) = self.loss(&item.batch);
        let gradients = (loss.clone() / item.step_targets as f64).backward();
        let loss = LossSum { nats: read(loss), targets };
        let report = StepReport { loss, gradient_norm: 0.0, rate: 0.0, tokens_per_second: 0.0 };
        TrainOutput::new(self, gradients, report)
    }
}

impl InferenceStep for Trainee {
    type Input = LmBatch;
    type Output = LossSum;

    fn step(&self, batch: LmBatch) -> LossSum {
        let (loss, targets) = self.loss(&batch);
        LossSum { nats: read(loss), targets }
    }
}
