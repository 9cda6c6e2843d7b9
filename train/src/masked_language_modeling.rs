//! Masked language modeling: the hidden tokens of a text, from all others.

use zoo_datasets::batch::{IGNORE, LmBatch};
use zoo_models::checkpoint::Model;
use zoo_models::generate::GenerateError;

use crate::objective::{BatchLoss, BatchSize, Objective};
use crate::prediction::Prediction;
use crate::text_batch::{Rows, TextBatch, TextTargets};
use crate::text_loss;

/// Masked language modeling.
///
/// Reference: Devlin et al. 2019, §3.1, <https://arxiv.org/abs/1810.04805>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskedLanguageModeling;

/// A text with hidden tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskedText {
    /// The tokens, of which some are hidden.
    pub ids: Vec<u32>,
    /// The hidden token of each position; [`IGNORE`] elsewhere.
    pub targets: Vec<i64>,
}

impl MaskedLanguageModeling {
    /// Masked windows of these lengths as model inputs. A row without tokens, at the end of a text,
    /// counts as one of one token without a target.
    pub fn inputs(self, masked: LmBatch, lengths: Vec<usize>) -> TextBatch {
        let LmBatch { context, inputs, targets, .. } = masked;
        let lengths = lengths.into_iter().map(|length| length.max(1)).collect();
        let text = Rows { ids: inputs, types: None, lengths, width: context };
        TextBatch { source: None, text, targets: TextTargets::Classes(targets) }
    }
}

impl Objective for MaskedLanguageModeling {
    type Example = MaskedText;
    type Batch = TextBatch;

    fn batch(&self, texts: &[MaskedText]) -> TextBatch {
        let ids: Vec<&[u32]> = texts.iter().map(|text| &text.ids[..]).collect();
        let text = Rows::new(&ids, 0);
        let row = |text: &MaskedText| text.targets.clone();
        let padded = texts.iter().map(row).flat_map(|mut targets| {
            targets.resize(text.width, IGNORE);
            targets
        });
        let targets = TextTargets::Classes(padded.collect());
        TextBatch { source: None, text, targets }
    }

    fn size(&self, batch: &TextBatch) -> BatchSize {
        batch.size()
    }

    fn loss(&self, model: &Model, batch: &TextBatch) -> BatchLoss {
        text_loss::loss(model, batch)
    }

    fn smoothed_loss(&self, model: &Model, batch: &TextBatch, smoothing: f64) -> BatchLoss {
        text_loss::smoothed_loss(model, batch, smoothing)
    }

    fn predict(
        &self,
        model: &Model,
        texts: &[MaskedText],
    ) -> Result<Vec<Prediction>, GenerateError> {
        text_loss::nats(model, &self.batch(texts))
    }
}
