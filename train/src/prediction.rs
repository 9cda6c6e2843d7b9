//! The predictions of objectives.

use crate::text_batch::Span;

/// A model's prediction for an example.
#[derive(Debug, Clone, PartialEq)]
pub enum Prediction {
    /// Labels: one for the input, or one for each target position; `None` for a generated token
    /// that is not a label.
    Labels(Vec<Option<u32>>),
    /// A generated sequence, without the end token.
    Sequence(Vec<u32>),
    /// The negative log-likelihood of the targets.
    Nats {
        /// The sum over the targets, in nats.
        sum: f64,
        /// The number of targets.
        targets: usize,
    },
    /// The best answer.
    Span {
        /// Its tokens.
        span: Span,
        /// The sum of its logits.
        score: f32,
        /// The sum of the logits of no answer.
        none: f32,
    },
    /// The logits of independent labels, or the values of a regression.
    Values(Vec<f32>),
    /// The vectors of a text and of those that it is related to, of length 1.
    Vectors(Vec<Vec<f32>>),
}
