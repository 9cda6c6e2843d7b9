//! BART's denoising: sentences in another order, and spans replaced by one mask each.

use std::sync::Arc;

use super::CorruptedText;
use super::noise::Noise;
use crate::rng::SeededRng;
use crate::tokenizer::{Boundaries, Frame};

/// Sentence permutation and text infilling; the target is the whole text.
///
/// The sentences are in random order. Then spans of Poisson-distributed lengths are replaced by one mask
/// token each, until the share of noise is reached; the last span is cut to it. A span of length 0
/// inserts a mask token. At least one token is between two spans, and the source is no longer than
/// the target.
///
/// Reference: Lewis et al. 2019, §2.2, <https://arxiv.org/abs/1910.13461>
#[derive(Clone, Debug, PartialEq)]
pub struct Denoising {
    /// The spans.
    pub noise: Noise,
    /// The mask token.
    pub mask: u32,
    /// Where sentences end.
    pub boundaries: Arc<Boundaries>,
    /// The special tokens around source and target.
    pub frame: Frame,
}

impl Denoising {
    /// The length of windows whose target has `context` tokens; `None` if that is too short.
    pub fn window(&self, context: usize) -> Option<usize> {
        context.checked_sub(self.frame.len()).filter(|window| *window > 1)
    }

    /// Corrupts a text.
    pub(super) fn corrupt(&self, text: &[u32], rng: &mut SeededRng) -> CorruptedText {
        let permuted = self.permute(text, rng);
        let spans = self.spans(text.len(), rng);
        let kept = text.len() - spans.iter().sum::<usize>();
        // The gaps between kept tokens, and the ends, that have a span.
        let mut has_span: Vec<bool> = (0..=kept).map(|gap| gap < spans.len()).collect();
        rng.shuffle(&mut has_span);
        let (mut source, mut spans, mut at) = (Vec::new(), spans.into_iter(), 0);
        for has_span in has_span {
            if has_span {
                source.push(self.mask);
                at += spans.next().unwrap_or(0);
            }
            source.extend(permuted.get(at));
            at += 1;
        }
        CorruptedText { source: self.frame.around(&source), target: self.frame.around(text) }
    }

    fn permute(&self, text: &[u32], rng: &mut SeededRng) -> Vec<u32> {
        let mut sentences = self.boundaries.sentences(text);
        rng.shuffle(&mut sentences);
        sentences.into_iter().flat_map(|sentence| &text[sentence]).copied().collect()
    }

    /// The lengths of the spans in a text of some length.
    fn spans(&self, length: usize, rng: &mut SeededRng) -> Vec<usize> {
        let mut missing = self.noise.counts(length).tokens;
        // As many masks as hidden tokens, and as gaps between the others.
        let most = missing.min(length - missing + 1);
        let mut spans = Vec::new();
        while missing > 0 {
            let span = self.noise.poisson_length(rng).min(missing);
            missing -= span;
            spans.push(span);
        }
        while spans.len() > most {
            // Insertions first.
            let shortest = (0..spans.len()).min_by_key(|&index| spans[index]).unwrap_or(0);
            let length = spans.swap_remove(shortest);
            if let Some(first) = spans.first_mut() {
                *first += length;
            }
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::Tokenizer;

    const MASK: u32 = 99;

    fn bart(boundaries: Boundaries, noise: Noise) -> Denoising {
        let frame = Frame { before: vec![97], after: vec![98] };
        Denoising { noise, mask: MASK, boundaries: Arc::new(boundaries), frame }
    }

    /// The parts of a source between masks, which are parts of the text in order.
    fn is_infilled(source: &[u32], text: &[u32]) -> bool {
        let mut rest = text;
        let parts: Vec<&[u32]> = source.split(|id| *id == MASK).collect();
        parts.iter().enumerate().all(|(index, part)| {
            let mut begins = (0..=rest.len() - part.len().min(rest.len()))
                .filter(|begin| rest[*begin..].starts_with(part) && (index > 0 || *begin == 0));
            let begin = if index + 1 == parts.len() { begins.next_back() } else { begins.next() };
            begin.is_some_and(|begin| {
                rest = &rest[begin + part.len()..];
                index + 1 < parts.len() || rest.is_empty()
            })
        })
    }

    #[test]
    fn spans_become_one_mask_each_and_the_share_is_exact() {
        let (mut masks, mut hidden, mut inserted) = (0, 0, 0);
        for seed in 0..300 {
            let length = 1 + seed as usize * 7 % 90;
            // Each token once, so that the order can be seen.
            let text: Vec<u32> = (0..length as u32).collect();
            let text: Vec<u32> = text.iter().map(|id| id + 100).collect();
            let denoising = bart(Boundaries::default(), Noise::BART);
            let mut rng = SeededRng::new(b"test    ", [seed, 0, 0]);
            let CorruptedText { source, target } = denoising.corrupt(&text, &mut rng);
            assert_eq!(target, denoising.frame.around(&text));
            assert!(source.len() <= target.len(), "{} of {}", source.len(), target.len());
            let source = &source[1..source.len() - 1];
            assert!(is_infilled(source, &text), "{source:?}");
            assert!(source.windows(2).all(|pair| pair != [MASK, MASK]), "{source:?}");
            let shown = source.iter().filter(|id| **id != MASK).count();
            assert_eq!(length - shown, Noise::BART.counts(length).tokens);
            let pairs = source.windows(3).filter(|three| three[1] == MASK);
            inserted += pairs.filter(|three| three[0] + 1 == three[2]).count();
            masks += source.len() - shown;
            hidden += length - shown;
        }
        let mean = hidden as f64 / masks as f64;
        assert!((2.4..3.2).contains(&mean), "{mean} tokens a mask");
        assert!(inserted > masks / 50, "{inserted} insertions of {masks} masks");
    }

    #[test]
    fn sentences_change_their_order_and_stay_whole() {
        let text = "One two. Is it three? Four! Five six seven. Eight";
        let tokenizer = Tokenizer::characters(text.chars()).unwrap();
        let ids = tokenizer.encode(text).unwrap();
        let denoising = bart(tokenizer.boundaries(), Noise::BART);
        let mut orders = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let mut rng = SeededRng::new(b"test    ", [seed, 0, 0]);
            let permuted = tokenizer.decode(&denoising.permute(&ids, &mut rng)).unwrap();
            let mut sentences: Vec<&str> = permuted.split_inclusive(['.', '?', '!']).collect();
            orders.insert(permuted.clone());
            sentences.sort_unstable();
            assert_eq!(sentences.concat().len(), text.len(), "{permuted}");
            assert!(permuted.contains(" Is it three?") && permuted.contains("One two."));
        }
        assert!(orders.len() > 30, "{} orders", orders.len());
    }

    #[test]
    fn windows_leave_room_for_special_tokens() {
        let denoising = bart(Boundaries::default(), Noise::BART);
        assert_eq!([3, 4, 64].map(|context| denoising.window(context)), [None, Some(2), Some(62)]);
    }

    #[test]
    fn much_noise_is_possible() {
        for seed in 0..100 {
            let text: Vec<u32> = (100..120).collect();
            let denoising = bart(Boundaries::default(), Noise { density: 0.9, mean_span: 1.0 });
            let mut rng = SeededRng::new(b"test    ", [seed, 0, 0]);
            let source = denoising.corrupt(&text, &mut rng).source;
            let shown = source.iter().filter(|id| **id >= 100).count();
            assert_eq!(shown, 2, "{source:?}");
        }
    }
}
