//! The same work, done here.

use anyhow::{Result, bail};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use burn_zoo::Device;
use burn_zoo::models::arch::Tokens;
use burn_zoo::models::arch::cost::Sequence;
use burn_zoo::models::heads::cross_entropy::{Targets, cross_entropy_sum};
use burn_zoo::models::kernels::memory;
use burn_zoo::models::layers::embedding::token_ids;
use burn_zoo::models::layers::mask::Padding;
use burn_zoo::models::pretrained::Model;
use burn_zoo::train::adamw::{AdamW, AdamWConfig, Update};

use crate::shapes::Shape;

/// What one step of a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    /// Forward, backward, and an update by AdamW.
    Train,
    /// Forward, without gradients.
    Forward,
}

/// A model with its batch.
pub(crate) struct Job {
    what: What,
    shape: Shape,
    device: Device,
    model: Option<Model>,
    optimizer: AdamW,
    ids: Vec<u32>,
    /// Floating-point operations of a step.
    pub(crate) flops: f64,
}

impl Job {
    /// A model of random weights on a device.
    pub(crate) fn new(shape: Shape, what: What, device: &Device) -> Result<Self> {
        let (blueprint, _) = shape.blueprint()?;
        if what == What::Train {
            memory::keep();
        }
        let cost = blueprint.architecture.cost();
        let device = match what {
            What::Train => device.clone().autodiff(),
            What::Forward => device.clone(),
        };
        let length = shape.length as f64;
        let sequence = Sequence { source: shape.length, text: shape.length, scores: 0.0 };
        let sequence = Sequence { scores: length * shape.vocab_size as f64, ..sequence };
        let passes = if what == What::Train { 3.0 } else { 1.0 };
        let tokens = (shape.rows * shape.length) as u32;
        let vocab_size = shape.vocab_size as u32;
        Ok(Self {
            what,
            shape,
            model: Some(blueprint.initialized(1, &device)),
            device,
            optimizer: AdamW::new(AdamWConfig {
                beta_1: 0.9,
                beta_2: 0.999,
                epsilon: 1e-8,
                weight_decay: 0.1,
            }),
            ids: (0..tokens).map(|i| i.wrapping_mul(i) % vocab_size).collect(),
            flops: passes * shape.rows as f64 * cost.flops_of(sequence),
        })
    }

    /// One step; all of it is done when this returns.
    pub(crate) fn step(&mut self) -> Result<()> {
        let Some(model) = self.model.take() else { bail!("a step before has failed") };
        let logits = self.logits(&model)?;
        if self.what == What::Forward {
            self.device.sync()?;
            self.model = Some(model);
            return Ok(());
        }
        let [rows, length, vocab_size] = logits.dims();
        let targets: Vec<i64> = self.ids.iter().map(|&id| i64::from(id)).collect();
        let targets = Targets::new(&targets);
        let loss = cross_entropy_sum(logits.reshape([rows * length, vocab_size]), &targets);
        let gradients = (loss / targets.count() as f64).backward();
        let gradients = GradientsParams::from_grads(gradients, &model);
        let update = Update { rate: 1e-4, gradient_scale: 1.0 };
        self.model = Some(self.optimizer.step(model, gradients, update));
        self.device.sync()?;
        Ok(())
    }

    fn logits(&self, model: &Model) -> Result<Tensor<3>> {
        let tokens = || {
            let ids = token_ids(&self.ids, self.shape.rows, &self.device);
            Tokens::new(ids, Padding::none())
        };
        Ok(match model {
            Model::CausalLm(model) => model.forward(&tokens()),
            Model::MaskedLm(model) => model.forward(&tokens()),
            Model::Seq2SeqLm(model) => model.forward(&tokens(), &tokens()),
            _ => bail!("{} writes no tokens", self.shape.name),
        })
    }
}
