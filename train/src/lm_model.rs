//! The model as a module of burn-train.

use burn::module::Module;
use burn::tensor::{ExecutionError, Tensor};
use burn::train::{InferenceStep, ItemLazy, TrainOutput, TrainStep};
use zoo_datasets::batch::LmBatch;
use zoo_models::backbones::{Inputs, TokenBatch};
use zoo_models::checkpoint::Model;
use zoo_models::heads::Seq2SeqLm;
use zoo_models::heads::cross_entropy::{IGNORE, Targets, cross_entropy_sum};
use zoo_models::layers::embedding::token_ids;
use zoo_models::layers::mask::Padding;
use zoo_models::precision::Precision;

/// A generative model in training.
#[derive(Module, Debug)]
pub struct LmModel {
    /// The model.
    pub model: Model,
}

/// A batch, and the number of batches in its step.
#[derive(Debug, Clone)]
pub struct StepBatch {
    /// The tokens.
    pub batch: LmBatch,
    /// The number of batches whose gradients are accumulated. All have the same number of targets,
    /// so that the sum equals the gradient of one large batch.
    pub batches: usize,
    /// The compute precision.
    pub precision: Precision,
    /// The factor on the loss before the backward pass; see [`LossScale`](crate::LossScale).
    pub loss_scale: f64,
}

/// The loss of a batch, as a tensor.
#[derive(Debug, Clone)]
pub struct BatchLoss {
    /// The sum of the losses, in nats.
    pub sum: Tensor<1>,
    /// The number of targets.
    pub targets: usize,
}

/// The loss of one forward pass.
#[derive(Debug, Clone)]
pub struct LossSum {
    /// The sum of the losses, in nats. NaN if the device failed.
    pub nats: f64,
    /// The number of targets.
    pub targets: usize,
}

impl LossSum {
    /// The mean loss in nats per target.
    pub fn mean(&self) -> f64 {
        self.nats / self.targets as f64
    }
}

/// The result of one step.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// The losses of the step's batches.
    pub loss: LossSum,
    /// The global gradient norm before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub rate: f64,
    /// Training speed in tokens per second.
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

impl LmModel {
    /// Converts the model to another precision; see [`Model::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        match precision {
            Precision::F32 => self,
            half => Self { model: self.model.cast(half) },
        }
    }

    /// The loss of a batch.
    ///
    /// A decoder predicts the next token at every position. An encoder-decoder encodes the first
    /// half of each row and predicts the rest: the prefix language model of Raffel et al. 2019,
    /// §3.2.3, <https://arxiv.org/abs/1910.10683>.
    ///
    /// # Panics
    ///
    /// Panics if the model is not generative.
    pub fn loss(&self, batch: &LmBatch) -> BatchLoss {
        let (logits, targets) = match &self.model {
            Model::CausalLm(model) => {
                let tokens = token_ids(&batch.inputs, batch.rows, &model.device());
                let tokens = TokenBatch::new(tokens, Padding::none());
                let logits = model.forward(&Inputs::text(tokens));
                (logits, batch.targets.clone())
            }
            Model::Seq2SeqLm(model) => prefix_lm(model, batch),
            _ => panic!("a model that is not generative has no language modeling loss"),
        };
        let targets = Targets::new(&targets);
        let [rows, length, vocab_size] = logits.dims();
        let sum = cross_entropy_sum(logits.reshape([rows * length, vocab_size]), &targets);
        BatchLoss { sum, targets: targets.count() }
    }
}

/// The logits of every row's second half given its first half, and their targets.
fn prefix_lm(model: &Seq2SeqLm, batch: &LmBatch) -> (Tensor<3>, Vec<i64>) {
    let (device, half) = (model.device(), batch.context / 2);
    let rows = || batch.inputs.chunks_exact(batch.context);
    let target_rows = || batch.targets.chunks_exact(batch.context);
    let source: Vec<u32> = rows().flat_map(|row| &row[..half]).copied().collect();
    // A position holds a token if the previous position has a target.
    let is_token =
        |row: &[i64]| (0..half).map(|i| i == 0 || row[i - 1] != IGNORE).collect::<Vec<bool>>();
    let padding = Padding::from_rows(target_rows().map(is_token).collect());
    let begin = |row: &[u32]| [&[model.start()], &row[half..]].concat();
    let text: Vec<u32> = rows().flat_map(begin).collect();
    let source = TokenBatch::new(token_ids(&source, batch.rows, &device), padding);
    let text = TokenBatch::new(token_ids(&text, batch.rows, &device), Padding::none());
    let targets = target_rows().flat_map(|row| &row[half - 1..]).copied().collect();
    (model.forward(&Inputs::pair(source, text)), targets)
}

fn read(loss: Tensor<1>) -> f64 {
    loss.try_into_scalar::<f64>().unwrap_or(f64::NAN)
}

impl TrainStep for LmModel {
    type Input = StepBatch;
    type Output = StepReport;

    /// One forward and backward pass; the strategy accumulates the passes of a step and sets the
    /// other fields.
    fn step(&self, item: StepBatch) -> TrainOutput<StepReport> {
        // The gradients are those of the original weights, whatever the compute precision.
        let BatchLoss { sum, targets } = self.clone().cast(item.precision).loss(&item.batch);
        let scale = (targets * item.batches) as f64 / item.loss_scale;
        let gradients = (sum.clone() / scale).backward();
        let loss = LossSum { nats: read(sum), targets };
        let report = StepReport { loss, gradient_norm: 0.0, rate: 0.0, tokens_per_second: 0.0 };
        TrainOutput::new(self, gradients, report)
    }
}

impl InferenceStep for LmModel {
    type Input = LmBatch;
    type Output = LossSum;

    fn step(&self, batch: LmBatch) -> LossSum {
        let BatchLoss { sum, targets } = self.loss(&batch);
        LossSum { nats: read(sum), targets }
    }
}
