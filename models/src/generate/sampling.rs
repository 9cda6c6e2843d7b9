//! Sampling: chooses a token from logits.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::options::OptionsError;

/// How a token is chosen. The default is greedy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// The divisor of the logits; 0 is greedy decoding.
    pub temperature: f64,
    /// Keeps this many best tokens, and tokens that tie with the last of them; `None` keeps all.
    pub top_k: Option<usize>,
    /// Keeps the smallest set of best tokens whose probabilities sum to at least this; 1 keeps all.
    pub top_p: f64,
    /// Keeps tokens whose probability is at least this fraction of the best token's; 0 keeps all.
    pub min_p: f64,
    /// Keeps the tokens whose surprisal is closest to the entropy, until their probabilities sum to
    /// at least this; 1 keeps all.
    pub typical_p: f64,
    /// The random seed.
    pub seed: u64,
}

/// A token and its probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenProbability {
    /// The token.
    pub token: u32,
    /// Its probability.
    pub probability: f64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 0.0, top_k: None, top_p: 1.0, min_p: 0.0, typical_p: 1.0, seed: 0 }
    }
}

impl Sampling {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// The error names the setting that defines no distribution.
    pub fn validate(&self) -> Result<(), OptionsError> {
        let within = |setting, value: f64, is_good: bool, rule| {
            if is_good { Ok(()) } else { Err(OptionsError::new(setting, value, rule)) }
        };
        let Self { temperature, top_p, min_p, typical_p, .. } = *self;
        let is_temperature = temperature.is_finite() && temperature >= 0.0;
        within("temperature", temperature, is_temperature, "it must be 0 (greedy) or more")?;
        if self.top_k == Some(0) {
            return Err(OptionsError::new("top_k", 0, "it must be 1 or more"));
        }
        let is_share = |p: f64| p > 0.0 && p <= 1.0;
        within("top_p", top_p, is_share(top_p), "it must be above 0 and at most 1")?;
        within("typical_p", typical_p, is_share(typical_p), "it must be above 0 and at most 1")?;
        within("min_p", min_p, (0.0..=1.0).contains(&min_p), "it must be between 0 and 1")
    }

    /// Whether decoding is greedy.
    pub fn is_greedy(&self) -> bool {
        self.temperature == 0.0
    }

    /// The tokens that can be sampled with their probabilities, best first, filtered as in
    /// `transformers`: temperature, then top-k, top-p, min-p and typical.
    ///
    /// With a temperature of 0, only the best token; empty if all logits are minus infinity.
    ///
    /// Reference: Fan et al. 2018, <https://arxiv.org/abs/1805.04833>; Holtzman et al. 2019,
    /// <https://arxiv.org/abs/1904.09751>; Nguyen et al. 2024, <https://arxiv.org/abs/2407.01082>;
    /// Meister et al. 2022, <https://arxiv.org/abs/2202.00666>
    pub fn candidates(&self, scores: &[f32]) -> Vec<TokenProbability> {
        if self.is_greedy() {
            let best = argmax(scores);
            return if scores[best as usize] > f32::NEG_INFINITY {
                vec![TokenProbability { token: best, probability: 1.0 }]
            } else {
                vec![]
            };
        }
        let mut left: Vec<(u32, f64)> = (0..)
            .zip(scores)
            .filter(|(_, score)| **score > f32::NEG_INFINITY)
            .map(|(token, &score)| (token, f64::from(score) / self.temperature))
            .collect();
        if let Some(k) = self.top_k.filter(|&k| k < left.len()) {
            let (_, last, _) = left.select_nth_unstable_by(k - 1, |a, b| b.1.total_cmp(&a.1));
            let last = last.1;
            left.retain(|(_, score)| *score >= last);
        }
        let best = left.iter().map(|(_, score)| *score).fold(f64::NEG_INFINITY, f64::max);
        for (_, score) in &mut left {
            *score = (*score - best).exp();
        }
        // From here on the values are weights: unnormalized probabilities.
        left.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        if self.top_p < 1.0 {
            let total: f64 = left.iter().map(|(_, weight)| weight).sum();
            left.truncate(reaching(left.iter().map(|(_, weight)| *weight), self.top_p * total));
        }
        if self.min_p > 0.0 {
            // The best weight is 1, so it is always kept.
            left.retain(|(_, weight)| *weight >= self.min_p);
        }
        if self.typical_p < 1.0 {
            self.keep_typical(&mut left);
        }
        let total: f64 = left.iter().map(|(_, weight)| weight).sum();
        let normalized = |(token, weight)| TokenProbability { token, probability: weight / total };
        left.into_iter().map(normalized).collect()
    }

    fn keep_typical(&self, left: &mut Vec<(u32, f64)>) {
        let total: f64 = left.iter().map(|(_, weight)| weight).sum();
        let probability = |weight: f64| weight / total;
        let surprise = |weight: f64| -probability(weight).ln();
        let product = |&(_, weight): &(u32, f64)| match probability(weight) {
            0.0 => 0.0,
            p => p * surprise(weight),
        };
        let expected: f64 = left.iter().map(product).sum();
        let distance = |weight: f64| (surprise(weight) - expected).abs();
        let mut order: Vec<f64> = left.iter().map(|(_, weight)| *weight).collect();
        order.sort_by(|a, b| distance(*a).total_cmp(&distance(*b)));
        let kept = reaching(order.iter().map(|weight| probability(*weight)), self.typical_p);
        let farthest = order[..kept].last().map_or(f64::INFINITY, |weight| distance(*weight));
        left.retain(|(_, weight)| distance(*weight) <= farthest);
    }
}

/// The number of leading weights needed to reach a sum; at least one.
fn reaching(weights: impl Iterator<Item = f64>, sum: f64) -> usize {
    let mut mass = 0.0;
    let before = |weight| {
        let is_below = mass < sum;
        mass += weight;
        is_below
    };
    weights.map(before).take_while(|is_below| *is_below).count().max(1)
}

/// Chooses the tokens of one sequence. Every sampler has its own random generator, so that a row's
/// text does not depend on the other rows.
#[derive(Debug, Clone)]
pub struct Sampler {
    sampling: Sampling,
    generator: ChaCha8Rng,
}

impl Sampler {
    /// A sampler; `stream` distinguishes texts that share a seed.
    pub fn new(sampling: Sampling, stream: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(sampling.seed);
        generator.set_stream(stream);
        Self { sampling, generator }
    }

    /// Chooses a token from logits. Ties go to the lower id.
    pub fn choose(&mut self, scores: &[f32]) -> u32 {
        if self.sampling.is_greedy() {
            return argmax(scores);
        }
        let candidates = self.sampling.candidates(scores);
        self.draw(&candidates).unwrap_or_else(|| argmax(scores))
    }

    /// Samples one of the candidates; `None` if there are none.
    pub fn draw(&mut self, candidates: &[TokenProbability]) -> Option<u32> {
        let mut left = self.uniform();
        for candidate in candidates {
            left -= candidate.probability;
            if left < 0.0 {
                return Some(candidate.token);
            }
        }
        // Rounding can leave the sum just below the random value; the last candidate is correct
        // then.
        candidates.last().map(|candidate| candidate.token)
    }

    /// A random number in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.generator.random()
    }

    /// The settings.
    pub fn sampling(&self) -> &Sampling {
        &self.sampling
    }
}

/// The token with the highest score; ties go to the lower id.
pub(super) fn argmax(scores: &[f32]) -> u32 {
    // In lanes, so that the compiler vectorizes the comparison.
    const LANES: usize = 16;
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let chunks = scores.chunks_exact(LANES);
    let rest = chunks.remainder().iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for chunk in chunks {
        for (lane, score) in lanes.iter_mut().zip(chunk) {
            *lane = if *score > *lane { *score } else { *lane };
        }
    }
    let best = lanes.iter().copied().fold(rest, f32::max);
    scores.iter().position(|score| *score == best).unwrap_or(0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f32; 4] = [0.0, 2.0, 1.0, -1.0];

    fn sampling(temperature: f64) -> Sampling {
        Sampling { temperature, ..Sampling::default() }
    }

    #[test]
    fn zero_temperature_takes_the_best_and_the_first_of_equals() {
        let mut sampler = Sampler::new(sampling(0.0), 0);
        assert_eq!(sampler.choose(&SCORES), 1);
        assert_eq!(sampler.choose(&[3.0, 5.0, 5.0]), 1);
    }

    #[test]
    fn top_k_and_top_p_keep_the_best() {
        let tokens = |sampling: Sampling| -> Vec<u32> {
            sampling.candidates(&SCORES).iter().map(|candidate| candidate.token).collect()
        };
        assert_eq!(tokens(Sampling { top_k: Some(2), ..sampling(1.0) }), [1, 2]);
        // The probabilities are 0.644, 0.237, 0.087 and 0.032.
        assert_eq!(tokens(Sampling { top_p: 0.6, ..sampling(1.0) }), [1]);
        assert_eq!(tokens(Sampling { top_p: 0.7, ..sampling(1.0) }), [1, 2]);
        assert_eq!(tokens(Sampling { top_p: 1e-9, ..sampling(1.0) }), [1]);
        assert_eq!(tokens(sampling(1.0)).len(), 4);
    }

    #[test]
    fn samples_follow_the_softmax() {
        let sampling = sampling(0.5);
        let expected = sampling.candidates(&SCORES);
        let mut sampler = Sampler::new(sampling, 0);
        let n = 20_000;
        let mut counts = [0usize; 4];
        for _ in 0..n {
            counts[sampler.choose(&SCORES) as usize] += 1;
        }
        let chi_squared: f64 = expected
            .iter()
            .map(|of| {
                let mean = n as f64 * of.probability;
                (counts[of.token as usize] as f64 - mean).powi(2) / mean
            })
            .sum();
        // The 99.9 % quantile with 3 degrees of freedom.
        assert!(chi_squared < 16.27, "{chi_squared}, {counts:?}");
    }

    #[test]
    fn streams_differ_and_a_seed_repeats() {
        let sampling = Sampling { seed: 9, ..sampling(1.0) };
        let draw = |row| {
            let mut sampler = Sampler::new(sampling, row);
            (0..50).map(|_| sampler.choose(&SCORES)).collect::<Vec<_>>()
        };
        assert_eq!(draw(0), draw(0));
        assert_ne!(draw(0), draw(1));
    }

    #[test]
    fn settings_without_a_distribution_are_refused() {
        for bad in [
            Sampling { temperature: f64::NAN, ..Sampling::default() },
            Sampling { temperature: -1.0, ..Sampling::default() },
            Sampling { top_k: Some(0), ..Sampling::default() },
            Sampling { top_p: 0.0, ..Sampling::default() },
            Sampling { top_p: 1.5, ..Sampling::default() },
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
    }
}
