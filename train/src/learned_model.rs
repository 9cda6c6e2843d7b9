//! The model as burn-train's learner sees it.

use burn::module::Module;
use burn::train::{InferenceStep, TrainOutput, TrainStep};
use zoo_models::checkpoint::Model;

use crate::objective::{LossSum, Pass};
use crate::train_loop::StepReport;

/// A model in training, for burn-train.
#[derive(Module, Debug)]
pub(crate) struct LearnedModel {
    /// The model.
    pub(crate) model: Model,
}

impl TrainStep for LearnedModel {
    type Input = Box<dyn Pass>;
    type Output = StepReport;

    /// One forward and backward pass. The training loop takes its own steps, which accumulate
    /// passes, scale and clip.
    fn step(&self, pass: Box<dyn Pass>) -> TrainOutput<StepReport> {
        let loss = pass.loss(&self.model);
        let gradients = (loss.sum.clone() / loss.targets.max(1) as f64).backward();
        let report =
            StepReport { loss: loss.read(), gradient_norm: 0.0, rate: 0.0, tokens_per_second: 0.0 };
        TrainOutput::new(self, gradients, report)
    }
}

impl InferenceStep for LearnedModel {
    type Input = Box<dyn Pass>;
    type Output = LossSum;

    fn step(&self, pass: Box<dyn Pass>) -> LossSum {
        pass.loss(&self.model).read()
    }
}
