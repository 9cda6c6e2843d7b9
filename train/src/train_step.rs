//! The training step of everything that trains.

use burn::optim::GradientsParams;
use zoo_models::checkpoint::Model;
use zoo_models::precision::Precision;

use crate::adamw::Update;
use crate::gradients::{accumulate, gradient_norm};
use crate::loss_scale::LossScale;
use crate::objective::{LossSum, Pass};
use crate::optimizer::Optimizer;

/// One step of training: forward and backward passes, gradient clipping, and the update.
#[derive(Debug, Clone)]
pub struct TrainStep {
    /// The optimizer.
    pub optimizer: Optimizer,
    /// The maximum global gradient norm; `None` means no clipping.
    pub clip: Option<f64>,
    /// The share of each class that the loss spreads over all classes; 0 is no label smoothing.
    pub label_smoothing: f64,
    /// The precision of forward and backward passes; the weights are always f32.
    pub precision: Precision,
    /// The factor on the loss before the backward pass.
    pub loss_scale: LossScale,
}

/// The settings of one step.
#[derive(Debug, Clone, Copy)]
pub struct StepAt {
    /// The learning rate.
    pub rate: f64,
    /// The seed of dropout: the state of a device's generator cannot be saved, so that it is seeded
    /// in every step.
    pub seed: u64,
}

/// The result of one step.
#[derive(Debug)]
pub struct Stepped {
    /// The updated model.
    pub model: Model,
    /// The loss over all passes, before the update.
    pub loss: LossSum,
    /// The global gradient norm before clipping.
    pub gradient_norm: f64,
}

/// The loss or the gradient norm of a step is NaN or infinite.
#[derive(Debug)]
pub struct NotFinite {
    /// The model before the step.
    pub model: Box<Model>,
    /// The value that is not finite: the mean loss, or else the gradient norm.
    pub value: f64,
}

/// The loss and the gradients of a step's passes.
struct Gradients {
    loss: LossSum,
    /// Of the mean loss over all targets, multiplied by the loss scale.
    scaled: GradientsParams,
    /// Without the loss scale.
    norm: f64,
}

impl TrainStep {
    /// A step in f32 without clipping, before the first one.
    pub fn new(optimizer: impl Into<Optimizer>) -> Self {
        let (optimizer, loss_scale) = (optimizer.into(), LossScale::default());
        Self { optimizer, clip: None, label_smoothing: 0.0, precision: Precision::F32, loss_scale }
    }

    /// Updates a model with the gradient of the mean loss over the targets of all passes: micro-batches
    /// give the gradient of one large batch.
    ///
    /// A gradient that is larger than `clip` is multiplied by `clip / (norm + 1e-6)`, as in PyTorch's
    /// `clip_grad_norm_`.
    ///
    /// # Errors
    ///
    /// The loss or the gradient norm is NaN or infinite at every loss scale.
    pub fn step(
        &mut self,
        model: Model,
        passes: &[Box<dyn Pass + '_>],
        at: StepAt,
    ) -> Result<Stepped, NotFinite> {
        let Gradients { loss, scaled, norm } = loop {
            let gradients = self.gradients(&model, passes, at.seed);
            let loss = gradients.loss.mean();
            if loss.is_finite() && gradients.norm.is_finite() {
                break gradients;
            }
            match self.loss_scale.lowered() {
                Some(lowered) if loss.is_finite() => self.loss_scale = lowered,
                _ => {
                    let value = if loss.is_finite() { gradients.norm } else { loss };
                    return Err(NotFinite { model: Box::new(model), value });
                }
            }
        };
        let gradient_scale = match self.clip {
            Some(limit) if norm > limit => limit / (norm + 1e-6) / self.loss_scale.factor,
            _ => 1.0 / self.loss_scale.factor,
        };
        let update = Update { rate: at.rate, gradient_scale };
        let model = self.optimizer.step(model, scaled, update);
        self.loss_scale = self.loss_scale.kept();
        Ok(Stepped { model, loss, gradient_norm: norm })
    }

    fn gradients(&self, model: &Model, passes: &[Box<dyn Pass + '_>], seed: u64) -> Gradients {
        model.backbone().device().seed(seed);
        let targets: usize = passes.iter().map(|pass| pass.size().targets).sum();
        let factor = self.loss_scale.factor;
        let mut loss = LossSum::ZERO;
        let mut scaled: Option<GradientsParams> = None;
        for pass in passes {
            // The gradients are those of the original weights, whatever the precision.
            let computed = match self.precision {
                Precision::F32 => pass.smoothed_loss(model, self.label_smoothing),
                half => pass.smoothed_loss(&model.clone().cast(half), self.label_smoothing),
            };
            let backward = (computed.sum.clone() / (targets.max(1) as f64 / factor)).backward();
            let gradients = GradientsParams::from_grads(backward, model);
            loss.add(computed.read());
            scaled = Some(match scaled {
                Some(sum) => accumulate(model, sum, gradients),
                None => gradients,
            });
        }
        let scaled = scaled.unwrap_or_default();
        let norm = gradient_norm(model, &scaled).unwrap_or(f64::NAN) / factor;
        Gradients { loss, scaled, norm }
    }
}
