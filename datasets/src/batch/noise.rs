//! How much of a text is noise, in which spans.

use serde::{Deserialize, Serialize};

use crate::rng::SeededRng;

/// The share of a text that is noise, and the length of its spans.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// The share of the tokens, between 0 and 1.
    pub density: f64,
    /// The mean length of a span in tokens, at least 1.
    pub mean_span: f64,
}

/// The noise of a text of some length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoiseCounts {
    /// Tokens in all spans.
    pub(super) tokens: usize,
    /// Spans, if their number is fixed.
    pub(super) spans: usize,
}

impl Noise {
    /// T5's: 15 % in spans of 3.
    ///
    /// Reference: Raffel et al. 2019, §3.3.4, <https://arxiv.org/abs/1910.10683>
    pub const T5: Self = Self { density: 0.15, mean_span: 3.0 };

    /// BART's: 30 % in spans of 3.
    ///
    /// Reference: Lewis et al. 2019, §2.2 and §5.1, <https://arxiv.org/abs/1910.13461>
    pub const BART: Self = Self { density: 0.3, mean_span: 3.0 };

    /// The noise of a text: at least one token, and none more than its length leaves.
    pub(super) fn counts(self, length: usize) -> NoiseCounts {
        if length < 2 {
            return NoiseCounts { tokens: length, spans: length };
        }
        // The reference rounds half to even.
        let tokens = (length as f64 * self.density).round_ties_even() as usize;
        let tokens = tokens.clamp(1, length - 1);
        let spans = (tokens as f64 / self.mean_span).round_ties_even() as usize;
        NoiseCounts { tokens, spans: spans.clamp(1, tokens.min(length - tokens)) }
    }

    /// The length of a span, Poisson-distributed: the number of factors whose product stays above
    /// exp(-mean).
    pub(super) fn poisson_length(self, rng: &mut SeededRng) -> usize {
        const STEPS: u64 = 1 << 53;
        let least = (-self.mean_span).exp();
        let (mut length, mut product) = (0, 1.0);
        loop {
            product *= rng.below(STEPS) as f64 / STEPS as f64;
            if product <= least {
                return length;
            }
            length += 1;
        }
    }
}

/// Cuts `items` into `segments` non-empty segments, each cut as likely as any other; the lengths in
/// order. One empty segment if there are no items.
pub(super) fn random_segments(items: usize, segments: usize, rng: &mut SeededRng) -> Vec<usize> {
    let cuts = segments.saturating_sub(1);
    let mut is_cut: Vec<bool> = (1..items).map(|at| at <= cuts).collect();
    rng.shuffle(&mut is_cut);
    let mut lengths = vec![0];
    for at in 0..items {
        match lengths.last_mut() {
            Some(last) if at == 0 || !is_cut[at - 1] => *last += 1,
            _ => lengths.push(1),
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rng(seed: u64) -> SeededRng {
        SeededRng::new(b"test    ", [seed, 0, 0])
    }

    #[test]
    fn every_segmentation_is_as_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..6000 {
            let lengths = random_segments(5, 3, &mut rng(seed));
            assert!(lengths.len() == 3 && lengths.iter().sum::<usize>() == 5, "{lengths:?}");
            *counts.entry(lengths).or_insert(0) += 1;
        }
        // Four gaps, of which two are cut.
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert_eq!(random_segments(0, 1, &mut rng(0)), [0]);
    }

    #[test]
    fn poisson_lengths_have_their_mean_and_variance() {
        let mut rng = rng(1);
        let lengths: Vec<f64> =
            (0..20_000).map(|_| Noise::BART.poisson_length(&mut rng) as f64).collect();
        let mean = lengths.iter().sum::<f64>() / 20_000.0;
        let variance = lengths.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!((mean - 3.0).abs() < 0.05 && (variance - 3.0).abs() < 0.15, "{mean}, {variance}");
        let empty = lengths.iter().filter(|length| **length == 0.0).count();
        assert!((850..1150).contains(&empty), "{empty} of 20000, for exp(-3)");
    }
}
