//! Language modeling: the next token at every position of running text.

use burn::tensor::Tensor;
use zoo_datasets::batch::LmBatch;
use zoo_models::backbones::{Inputs, TokenBatch};
use zoo_models::checkpoint::Model;
use zoo_models::generate::GenerateError;
use zoo_models::heads::cross_entropy::IGNORE;
use zoo_models::layers::embedding::token_ids;
use zoo_models::layers::mask::Padding;

use crate::label_smoothing::smoothed_cross_entropy_sum;
use crate::objective::{BatchLoss, BatchSize, Objective};
use crate::prediction::Prediction;

/// Language modeling on windows of running text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LanguageModeling {
    /// A decoder predicts the next token at every position.
    NextToken,
    /// An encoder-decoder encodes the first half of each window and predicts the rest: the prefix
    /// language model of Raffel et al. 2019, §3.2.3, <https://arxiv.org/abs/1910.10683>.
    Prefix,
}

/// Windows as model inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageBatch {
    /// The windows.
    pub windows: LmBatch,
    /// The tokens of each row that are the source of an encoder-decoder; `None` for a decoder.
    source: Option<usize>,
}

impl LanguageModeling {
    /// The objective of a model; `None` if it is not generative.
    pub fn of(model: &Model) -> Option<Self> {
        match model {
            Model::CausalLm(_) => Some(Self::NextToken),
            Model::Seq2SeqLm(_) => Some(Self::Prefix),
            _ => None,
        }
    }

    /// Windows as model inputs.
    pub fn inputs(self, windows: LmBatch) -> LanguageBatch {
        let source = (self == Self::Prefix).then_some(windows.context / 2);
        LanguageBatch { windows, source }
    }
}

impl LanguageBatch {
    /// The targets of each position of the text that is predicted.
    fn targets(&self) -> Vec<i64> {
        let LmBatch { context, targets, .. } = &self.windows;
        match self.source {
            None => targets.clone(),
            Some(source) => {
                let rows = targets.chunks_exact(*context);
                rows.flat_map(|row| &row[source - 1..]).copied().collect()
            }
        }
    }
}

impl Objective for LanguageModeling {
    /// A window of a text: every token but the first is a target. The first window of a batch is
    /// the longest.
    type Example = Vec<u32>;
    type Batch = LanguageBatch;

    fn batch(&self, windows: &[Vec<u32>]) -> LanguageBatch {
        self.inputs(LmBatch::of_windows(windows))
    }

    /// Every position counts as a token.
    fn size(&self, batch: &LanguageBatch) -> BatchSize {
        let is_target = |target: &&i64| **target != IGNORE;
        BatchSize {
            tokens: batch.windows.rows * batch.windows.context,
            targets: batch.targets().iter().filter(is_target).count(),
        }
    }

    fn loss(&self, model: &Model, batch: &LanguageBatch) -> BatchLoss {
        self.smoothed_loss(model, batch, 0.0)
    }

    fn smoothed_loss(&self, model: &Model, batch: &LanguageBatch, smoothing: f64) -> BatchLoss {
        let logits = logits(model, batch);
        let [rows, length, vocab_size] = logits.dims();
        let logits = logits.reshape([rows * length, vocab_size]);
        let sum = smoothed_cross_entropy_sum(logits, &batch.targets(), smoothing);
        BatchLoss { sum, targets: self.size(batch).targets }
    }

    fn predict(
        &self,
        model: &Model,
        windows: &[Vec<u32>],
    ) -> Result<Vec<Prediction>, GenerateError> {
        let nats = |window: &Vec<u32>| {
            let batch = self.batch(std::slice::from_ref(window));
            let loss = self.loss(model, &batch).read();
            match loss.sum.is_finite() {
                true => Ok(Prediction::Nats { sum: loss.sum, targets: loss.targets }),
                false => Err(GenerateError::NotFinite),
            }
        };
        windows.iter().map(nats).collect()
    }
}

/// The logits at every position of the text that is predicted.
fn logits(model: &Model, batch: &LanguageBatch) -> Tensor<3> {
    let LmBatch { rows, context, inputs, targets } = &batch.windows;
    let device = model.backbone().device();
    match (model, batch.source) {
        (Model::CausalLm(model), _) => {
            let tokens = token_ids(inputs, *rows, &device);
            model.forward(&Inputs::text(TokenBatch::new(tokens, Padding::none())))
        }
        (Model::Seq2SeqLm(model), Some(half)) => {
            let rows_of = || inputs.chunks_exact(*context);
            let source: Vec<u32> = rows_of().flat_map(|row| &row[..half]).copied().collect();
            // A position holds a token if the previous position has a target.
            let is_token = |row: &[i64]| {
                (0..half).map(|i| i == 0 || row[i - 1] != IGNORE).collect::<Vec<bool>>()
            };
            let padding =
                Padding::from_rows(targets.chunks_exact(*context).map(is_token).collect());
            let begin = |row: &[u32]| [&[model.start()], &row[half..]].concat();
            let text: Vec<u32> = rows_of().flat_map(begin).collect();
            let source = TokenBatch::new(token_ids(&source, *rows, &device), padding);
            let text = TokenBatch::new(token_ids(&text, *rows, &device), Padding::none());
            model.forward(&Inputs::pair(source, text))
        }
        _ => panic!("the batch is of another model"),
    }
}
