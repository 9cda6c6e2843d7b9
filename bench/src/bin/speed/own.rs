//! The same work in Burn Zoo.

use anyhow::{Result, bail};
use burn::optim::GradientsParams;
use burn::tensor::{Int, Tensor};
use burn_zoo::Device;
use burn_zoo::models::backbones::cost::Sequence;
use burn_zoo::models::backbones::{Inputs, TokenBatch};
use burn_zoo::models::checkpoint::Model;
use burn_zoo::models::heads::cross_entropy::{Targets, cross_entropy_sum};
use burn_zoo::models::layers::embedding::token_ids;
use burn_zoo::models::layers::mask::Padding;
use burn_zoo::train::adamw::{AdamW, AdamWConfig, Update};
use zoo_kernels::memory;

use crate::shapes::Shape;

/// The kind of a job's step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    /// Forward, backward, and an AdamW update.
    Train,
    /// Forward, without gradients.
    Forward,
    /// Forward into a cache, without gradients, with logits only for the last position.
    Prefill,
}

/// A model with its batch.
pub(crate) struct Job {
    what: What,
    shape: Shape,
    device: Device,
    model: Option<Model>,
    optimizer: AdamW,
    ids: Vec<u32>,
    /// The number of floating-point operations per step.
    pub(crate) flops: f64,
}

impl Job {
    /// Creates a model with random weights on a device.
    pub(crate) fn new(shape: Shape, what: What, device: &Device) -> Result<Self> {
        let spec = shape.spec()?;
        if what == What::Train {
            memory::keep();
        }
        let cost = spec.architecture.backbone.cost();
        let device = match what {
            What::Train => device.clone().autodiff(),
            What::Forward | What::Prefill => device.clone(),
        };
        let scored = if what == What::Prefill { 1 } else { shape.length };
        let scores = (scored * shape.vocab_size) as f64;
        let sequence = Sequence { source: shape.length, text: shape.length, scores };
        let passes = if what == What::Train { 3.0 } else { 1.0 };
        let tokens = (shape.rows * shape.length) as u32;
        let vocab_size = shape.vocab_size as u32;
        Ok(Self {
            what,
            shape,
            model: Some(spec.initialized(1, &device)),
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

    /// Runs one step, and waits until the device has finished it.
    pub(crate) fn step(&mut self) -> Result<()> {
        let Some(model) = self.model.take() else { bail!("an earlier step failed") };
        self.model = Some(match self.what {
            What::Train => self.train(model)?,
            What::Forward => {
                self.logits(&model)?;
                model
            }
            What::Prefill => {
                self.last_logits(&model)?;
                model
            }
        });
        Ok(self.device.sync()?)
    }

    fn train(&mut self, model: Model) -> Result<Model> {
        let logits = self.logits(&model)?;
        let [rows, length, vocab_size] = logits.dims();
        let targets: Vec<i64> = self.ids.iter().map(|&id| i64::from(id)).collect();
        let targets = Targets::new(&targets);
        let loss = cross_entropy_sum(logits.reshape([rows * length, vocab_size]), &targets);
        let gradients = (loss / targets.count() as f64).backward();
        let gradients = GradientsParams::from_grads(gradients, &model);
        let update = Update { rate: 1e-4, gradient_scale: 1.0 };
        Ok(self.optimizer.step(model, gradients, update))
    }

    fn ids(&self) -> Tensor<2, Int> {
        token_ids(&self.ids, self.shape.rows, &self.device)
    }

    fn tokens(&self) -> TokenBatch {
        TokenBatch::new(self.ids(), Padding::none())
    }

    fn logits(&self, model: &Model) -> Result<Tensor<3>> {
        Ok(match model {
            Model::CausalLm(model) => model.forward(&Inputs::text(self.tokens())),
            Model::MaskedLm(model) => model.forward(&Inputs::text(self.tokens())),
            Model::Seq2SeqLm(model) => model.forward(&Inputs::pair(self.tokens(), self.tokens())),
            _ => bail!("{} has no language model head", self.shape.name),
        })
    }

    fn last_logits(&self, model: &Model) -> Result<Tensor<2>> {
        let length = self.shape.length;
        Ok(match model {
            Model::CausalLm(model) => model.step_last(self.ids(), &mut model.cache(length)),
            Model::Seq2SeqLm(model) => {
                let encoded = model.backbone.encode(&self.tokens());
                let mut cache = model.cache(length);
                let hidden = model.backbone.decode_step(self.ids(), &encoded, &mut cache);
                model.logits(hidden.slice_dim(1, length - 1..length)).squeeze_dim(1)
            }
            _ => bail!("{} does not generate text", self.shape.name),
        })
    }
}
