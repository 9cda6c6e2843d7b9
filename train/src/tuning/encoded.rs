//! Encoded texts with their targets.

use std::ops::Range;

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
