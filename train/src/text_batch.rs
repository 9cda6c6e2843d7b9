//! Batches of token rows with their targets, for every head over texts.

use burn::tensor::Device;
use zoo_datasets::batch::IGNORE;
use zoo_models::backbones::{Inputs, TokenBatch};
use zoo_models::layers::embedding::token_ids;
use zoo_models::layers::mask::Padding;

use crate::objective::BatchSize;
use crate::sentence_vectors::RelatedTexts;

/// Rows of token ids, right-padded to the same length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// `[rows, width]`, row after row.
    pub ids: Vec<u32>,
    /// The type id of each token, `[rows, width]`; `None` where all tokens have the same type.
    pub types: Option<Vec<u32>>,
    /// The number of tokens in each row, without padding.
    pub lengths: Vec<usize>,
    /// The longest length.
    pub width: usize,
}

impl Rows {
    /// Pads non-empty rows with `padding`.
    pub fn new<R: AsRef<[u32]>>(rows: &[R], padding: u32) -> Self {
        let lengths: Vec<usize> = rows.iter().map(|row| row.as_ref().len()).collect();
        let width = lengths.iter().copied().max().unwrap_or(0);
        Self { ids: padded(rows, width, padding), types: None, lengths, width }
    }

    /// The same rows with the type id of each token.
    pub fn with_types<R: AsRef<[u32]>>(self, types: &[R]) -> Self {
        Self { types: Some(padded(types, self.width, 0)), ..self }
    }

    /// The number of rows.
    pub fn count(&self) -> usize {
        self.lengths.len()
    }

    /// The number of tokens, without padding.
    pub fn tokens(&self) -> usize {
        self.lengths.iter().sum()
    }

    fn inputs(&self, device: &Device) -> TokenBatch {
        let padding = if self.lengths.iter().all(|&length| length == self.width) {
            Padding::none()
        } else {
            Padding::right(&self.lengths)
        };
        let batch = TokenBatch::new(token_ids(&self.ids, self.count(), device), padding);
        let types = self.types.as_ref().map(|types| token_ids(types, self.count(), device));
        TokenBatch { types, ..batch }
    }
}

fn padded<R: AsRef<[u32]>>(rows: &[R], width: usize, padding: u32) -> Vec<u32> {
    let padded = |row: &R| {
        let row = row.as_ref();
        let padding = std::iter::repeat_n(padding, width - row.len());
        row.iter().copied().chain(padding).collect::<Vec<u32>>()
    };
    rows.iter().flat_map(padded).collect()
}

/// Model inputs and targets.
#[derive(Debug, Clone, PartialEq)]
pub struct TextBatch {
    /// The encoder input of an encoder-decoder.
    pub source: Option<Rows>,
    /// The input; the decoder input of an encoder-decoder.
    pub text: Rows,
    /// The targets.
    pub targets: TextTargets,
}

/// The targets of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum TextTargets {
    /// The class of each position, `[rows, width]`, or of each row, `[rows]`; [`IGNORE`] where
    /// there is no target. The loss is the cross-entropy.
    Classes(Vec<i64>),
    /// Values of each row, `[rows, labels]`. The loss is the squared error.
    Numbers(Vec<f32>),
    /// For each row and label whether it applies, 1 or 0, `[rows, labels]`. The loss is the binary
    /// cross-entropy.
    Labels(Vec<f32>),
    /// The relations of the rows to each other.
    Related(RelatedTexts),
    /// The first and the last token of each row's answer. The loss is the mean of both
    /// cross-entropies.
    Spans(Vec<Span>),
}

/// The first and the last token of an answer; both are the class token where there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first token.
    pub first: usize,
    /// The last token.
    pub last: usize,
}

impl TextBatch {
    /// The indices of class targets other than [`IGNORE`], in order; none for other targets.
    pub fn target_positions(&self) -> Vec<usize> {
        let TextTargets::Classes(classes) = &self.targets else { return Vec::new() };
        (0..classes.len()).filter(|&position| classes[position] != IGNORE).collect()
    }

    /// The number of target positions in each of the rows.
    pub fn targets_by_row(&self) -> Vec<usize> {
        let TextTargets::Classes(classes) = &self.targets else { return vec![1; self.rows()] };
        let count = |row: &[i64]| row.iter().filter(|&&target| target != IGNORE).count();
        classes.chunks_exact(classes.len() / self.rows()).map(count).collect()
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.text.count()
    }

    /// The size, without padding.
    pub fn size(&self) -> BatchSize {
        BatchSize {
            tokens: self.text.tokens() + self.source.as_ref().map_or(0, Rows::tokens),
            targets: match &self.targets {
                TextTargets::Classes(_) => self.target_positions().len(),
                TextTargets::Numbers(values) | TextTargets::Labels(values) => values.len(),
                TextTargets::Spans(spans) => spans.len(),
                TextTargets::Related(related) => related.pairs,
            },
        }
    }

    /// The inputs as tensors.
    pub fn inputs(&self, device: &Device) -> Inputs {
        let text = self.text.inputs(device);
        match &self.source {
            Some(source) => Inputs::pair(source.inputs(device), text),
            None => Inputs::text(text),
        }
    }
}
