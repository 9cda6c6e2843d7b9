//! From start and end logits to answer spans.

use super::Answering;
use crate::datasets::tokenizer::Encoding;

/// The start and end logits of every token.
pub(super) struct Ends {
    pub(super) first: Vec<f32>,
    pub(super) last: Vec<f32>,
}

impl Ends {
    /// The logits of the first `length` tokens; the others are padding.
    pub(super) fn without_padding(mut first: Vec<f32>, mut last: Vec<f32>, length: usize) -> Self {
        first.truncate(length);
        last.truncate(length);
        Self { first, last }
    }
}

/// A span of tokens with its probability.
pub(super) struct Found {
    pub(super) score: f64,
    pub(super) first: usize,
    pub(super) last: usize,
}

/// The most probable spans of a window.
pub(super) struct BestSpans {
    /// In order of decreasing probability.
    pub(super) found: Vec<Found>,
    /// The probability that both ends are the first token, which means "no answer".
    pub(super) nothing: f64,
}

/// The `count` most probable spans of up to `longest` tokens.
pub(super) fn best(ends: &Ends, allowed: &[bool], count: usize, longest: usize) -> BestSpans {
    let mut first = probabilities(&ends.first, allowed);
    let mut last = probabilities(&ends.last, allowed);
    let nothing = match (first.first_mut(), last.first_mut()) {
        (Some(first), Some(last)) => std::mem::take(first) * std::mem::take(last),
        _ => 0.0,
    };
    let mut found: Vec<Found> = Vec::new();
    for (begin, p_begin) in first.iter().enumerate().filter(|(_, p)| **p > 0.0) {
        for (end, p_end) in last.iter().enumerate().skip(begin).take(longest) {
            let score = p_begin * p_end;
            let is_good = found.len() < count || found.last().is_some_and(|w| score > w.score);
            if score > 0.0 && is_good {
                let place = found.partition_point(|other| other.score >= score);
                found.insert(place, Found { score, first: begin, last: end });
                found.truncate(count);
            }
        }
    }
    BestSpans { found, nothing }
}

/// The softmax over the allowed tokens.
fn probabilities(scores: &[f32], allowed: &[bool]) -> Vec<f64> {
    let of = |(score, allowed): (&f32, &bool)| if *allowed { f64::from(*score) } else { -1e4 };
    let scores: Vec<f64> = scores.iter().zip(allowed).map(of).collect();
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The character range of the context from the first token to the last, extended to whole words if
/// `how` requires it.
pub(super) fn characters(
    window: &Encoding,
    first: usize,
    last: usize,
    how: &Answering,
) -> [usize; 2] {
    let of_word = |index: usize| {
        let word = window.words[index].filter(|_| how.whole_words)?;
        let is_same =
            |other: &usize| window.texts[*other] == Some(1) && window.words[*other] == Some(word);
        let mut tokens = (0..window.ids.len()).filter(is_same);
        let first = tokens.next()?;
        Some([first, tokens.next_back().unwrap_or(first)])
    };
    let [first, last] = match (of_word(first), of_word(last)) {
        (Some([first, _]), Some([_, last])) => [first, last],
        // Some tokenizers have no word boundaries.
        _ => [first, last],
    };
    [window.spans[first].start, window.spans[last].end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short_ordered_and_within_the_context() {
        let ends =
            Ends { first: vec![9.0, 1.0, 0.0, 2.0, 5.0], last: vec![9.0, 1.0, 3.0, 0.0, 5.0] };
        let allowed = [true, true, true, true, false];
        let BestSpans { found, nothing } = best(&ends, &allowed, 3, 2);
        let spans: Vec<[usize; 2]> = found.iter().map(|found| [found.first, found.last]).collect();
        assert_eq!(spans, [[1, 2], [2, 2], [1, 1]]);
        assert!(nothing > 0.9, "{nothing}");
        // All spans, none with an end before its start.
        assert_eq!(best(&ends, &allowed, 99, 2).found.len(), 5);
    }
}
