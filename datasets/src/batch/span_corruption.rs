//! T5's span corruption: spans of a text are replaced by sentinels, and are the target.

use super::CorruptedText;
use super::noise::{Noise, NoiseCounts, random_segments};
use crate::rng::SeededRng;
use crate::tokenizer::Frame;

/// Span corruption: each span of noise becomes one sentinel in the source, and the target has each
/// sentinel followed by the tokens of its span.
///
/// ```text
/// text     Thank you for inviting me to your party last week .
/// source   Thank you <extra_id_0> me to your party <extra_id_1> week . </s>
/// target   <extra_id_0> for inviting <extra_id_1> last </s>
/// ```
///
/// A text begins with a kept token. All spans of noise together have a fixed number of tokens, cut at
/// random places, and so have the texts between them.
///
/// Reference: Raffel et al. 2019, §3.1.4 and §3.3.4, <https://arxiv.org/abs/1910.10683>
#[derive(Clone, Debug, PartialEq)]
pub struct SpanCorruption {
    /// The spans.
    pub noise: Noise,
    /// The token of each span, in order.
    pub sentinels: Vec<u32>,
    /// The special tokens around source and target.
    pub frame: Frame,
}

/// The lengths of a corrupted text in tokens, with special tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lengths {
    source: usize,
    target: usize,
}

impl SpanCorruption {
    /// The length of windows whose source has `context` tokens, or the longest below; the target is
    /// no longer. `None` if there is no such window.
    ///
    /// Reference: `compute_input_and_target_lengths` of T5.
    pub fn window(&self, context: usize) -> Option<usize> {
        let fits = |length: &usize| {
            let Lengths { source, target } = self.lengths(*length);
            source <= context && target <= context
        };
        (2..).take_while(fits).last()
    }

    /// The number of sentinels that a window of this length takes.
    pub fn spans(noise: Noise, length: usize) -> usize {
        noise.counts(length).spans
    }

    fn lengths(&self, length: usize) -> Lengths {
        let NoiseCounts { tokens, spans } = self.noise.counts(length);
        let special = spans + self.frame.len();
        Lengths { source: length - tokens + special, target: tokens + special }
    }

    /// Corrupts a text.
    ///
    /// # Panics
    ///
    /// Panics with fewer sentinels than spans.
    pub(super) fn corrupt(&self, text: &[u32], rng: &mut SeededRng) -> CorruptedText {
        let NoiseCounts { tokens, spans } = self.noise.counts(text.len());
        let noise = random_segments(tokens, spans, rng);
        let kept = random_segments(text.len() - tokens, spans, rng);
        let (mut source, mut target, mut rest) = (Vec::new(), Vec::new(), text);
        for ((kept, noise), &sentinel) in kept.into_iter().zip(noise).zip(&self.sentinels[..spans])
        {
            let (shown, after) = rest.split_at(kept);
            let (hidden, after) = after.split_at(noise);
            source.extend_from_slice(shown);
            source.push(sentinel);
            target.push(sentinel);
            target.extend_from_slice(hidden);
            rest = after;
        }
        CorruptedText { source: self.frame.around(&source), target: self.frame.around(&target) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: u32 = 1;

    fn t5(noise: Noise) -> SpanCorruption {
        let frame = Frame { before: Vec::new(), after: vec![END] };
        SpanCorruption { noise, sentinels: (0..100).map(|index| 32_099 - index).collect(), frame }
    }

    /// Values of T5's `compute_input_and_target_lengths`.
    #[test]
    fn windows_have_the_lengths_of_the_reference() {
        let noise = |density, mean_span| Noise { density, mean_span };
        let cases = [
            (noise(0.15, 3.0), 512, 568, 114),
            (noise(0.15, 3.0), 1024, 1137, 229),
            (noise(0.15, 3.0), 128, 141, 29),
            (noise(0.5, 3.0), 512, 766, 512),
            (noise(0.25, 8.0), 256, 327, 93),
        ];
        for (noise, context, window, target) in cases {
            let corruption = t5(noise);
            assert_eq!(corruption.window(context), Some(window), "{noise:?}, {context}");
            let expected = Lengths { source: context, target };
            assert_eq!(corruption.lengths(window), expected, "{noise:?}, {context}");
        }
        assert_eq!([2, 3].map(|context| t5(Noise::T5).window(context)), [None, Some(2)]);
    }

    #[test]
    fn source_and_target_make_the_text() {
        for seed in 0..300 {
            let length = 1 + seed as usize * 7 % 200;
            let text: Vec<u32> = (0..length as u32).map(|i| 2 + i * 31 % 1000).collect();
            let corruption = t5(Noise { density: 0.15 + 0.002 * seed as f64, mean_span: 3.0 });
            let mut rng = SeededRng::new(b"test    ", [seed, 0, 0]);
            let CorruptedText { source, target } = corruption.corrupt(&text, &mut rng);
            assert_eq!((source.last(), target.last()), (Some(&END), Some(&END)));
            let counts = corruption.noise.counts(length);
            let is_sentinel = |id: &&u32| **id > 31_999;
            let sentinels: Vec<u32> = source.iter().filter(is_sentinel).copied().collect();
            assert_eq!(sentinels, corruption.sentinels[..counts.spans]);
            assert!(target.iter().filter(is_sentinel).eq(&sentinels));
            assert_eq!(target.len(), counts.tokens + counts.spans + 1);
            assert!(length == 1 || source[0] == text[0], "a text begins with a kept token");

            // Each sentinel of the source stands for what follows it in the target.
            let hidden: Vec<&[u32]> =
                target[..target.len() - 1].split(|id| is_sentinel(&id)).skip(1).collect();
            assert!(hidden.iter().all(|span| !span.is_empty()));
            let mut spans = hidden.into_iter();
            let whole = source[..source.len() - 1].iter().flat_map(|id| {
                if is_sentinel(&id) { spans.next().unwrap().to_vec() } else { vec![*id] }
            });
            assert_eq!(whole.collect::<Vec<u32>>(), text);
        }
    }
}
