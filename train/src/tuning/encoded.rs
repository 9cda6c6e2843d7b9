//! Encoded texts with their targets.

use std::ops::Range;

use zoo_models::checkpoint::{Model, ModelSpec};

use crate::text_batch::Span;

/// A text as model input, with its target.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedText {
    /// Token ids, including special tokens.
    pub ids: Vec<u32>,
    /// The type id of each token.
    pub types: Vec<u32>,
    /// The target.
    pub target: EncodedTarget,
    /// The tokens of the second text; empty if there is none.
    pub second: Range<usize>,
    /// The index of the labeled text that it is, or a window of.
    pub example: usize,
}

/// The target of an encoded text.
#[derive(Debug, Clone, PartialEq)]
pub enum EncodedTarget {
    /// One label.
    Class(u32),
    /// The labels that apply.
    Labels(Vec<u32>),
    /// A number.
    Number(f32),
    /// How well the second text fits the first, from 0 to 1.
    Relevance(f32),
    /// The label of each token: of the first token of each word, and `None` for the others.
    Tags(Vec<Option<u32>>),
    /// The answer.
    Span(Span),
    /// The tokens of a text, with its end token.
    Text(Vec<u32>),
    /// Related texts.
    Related(EncodedRelation),
}

/// The tokens of the texts that a text is related to.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedRelation {
    /// The second text.
    pub second: Vec<u32>,
    /// Texts with another meaning; all texts of a batch have the same number of them.
    pub negatives: Vec<Vec<u32>>,
    /// The similarity to the second text; `None` means that it has the same meaning.
    pub similarity: Option<f32>,
}

/// How a model receives a target text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextLayout {
    /// In the decoder of an encoder-decoder, behind this token.
    Decoder {
        /// The first token.
        start: u32,
    },
    /// In a decoder, behind the source text and a line break.
    Continuation,
}

impl TextLayout {
    /// The layout for a model; `last` is the last special token of target texts.
    pub fn of(spec: &ModelSpec, model: &Model, last: Option<u32>) -> Self {
        match model {
            Model::CausalLm(_) => Self::Continuation,
            Model::Seq2SeqLm(model) => {
                // The decoder of mBART begins with the last token of its target, the language.
                // Reference: `shift_tokens_right` of transformers' mBART.
                let last = last.filter(|_| spec.family.name() == "mbart");
                Self::Decoder { start: last.unwrap_or(model.start()) }
            }
            _ => Self::Decoder { start: 0 },
        }
    }
}

impl EncodedTarget {
    /// The label of a classification; 0 for other targets.
    pub(super) fn class(&self) -> u32 {
        match self {
            Self::Class(label) => *label,
            _ => 0,
        }
    }
}
