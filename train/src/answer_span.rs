//! The answer that scores highest in a text.

use std::ops::Range;

use crate::prediction::Prediction;
use crate::text_batch::Span;

/// The longest answer in tokens.
const LONGEST_ANSWER: usize = 30;

/// The answer in `text` with the highest score, by the scores of every position of a row as its start
/// and as its end.
pub(crate) fn best_answer(starts: &[f32], ends: &[f32], text: Range<usize>) -> Prediction {
    let none = starts[0] + ends[0];
    let mut best = Prediction::Span { span: Span { first: 0, last: 0 }, score: none, none };
    let mut highest = f32::NEG_INFINITY;
    for first in text.clone() {
        for last in (first..text.end).take(LONGEST_ANSWER) {
            let score = starts[first] + ends[last];
            if score > highest {
                highest = score;
                best = Prediction::Span { span: Span { first, last }, score, none };
            }
        }
    }
    best
}
