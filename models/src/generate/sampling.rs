//! From scores to a token.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

/// How a token is chosen. The default is greedy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Scores are divided by this; 0 takes the best token, always.
    pub temperature: f64,
    /// Only this many of the best tokens are left; all of them where `None`.
    pub top_k: Option<usize>,
    /// Only the fewest best tokens whose probabilities reach this sum are left; 1 leaves all.
    pub top_p: f64,
    /// Seeds the draws.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 0.0, top_k: None, top_p: 1.0, seed: 0 }
    }
}

/// A setting that makes no distribution.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{setting} is {value}; {rule}")]
pub struct SamplingError {
    setting: &'static str,
    value: String,
    rule: &'static str,
}

impl Sampling {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// Names the one that makes no distribution.
    pub fn validate(&self) -> Result<(), SamplingError> {
        let error = |setting, value: String, rule| Err(SamplingError { setting, value, rule });
        if !self.temperature.is_finite() || self.temperature < 0.0 {
            return error(
                "temperature",
                self.temperature.to_string(),
                "it must be 0 (greedy) or more",
            );
        }
        if self.top_k == Some(0) {
            return error("top-k", "0".into(), "it must be 1 or more");
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return error("top-p", self.top_p.to_string(), "it must be above 0 and at most 1");
        }
        Ok(())
    }
}

/// Chooses the tokens of one sequence. It has a generator of its own, so that a row's text does not
/// depend on the rows beside it.
#[derive(Debug)]
pub struct Sampler {
    sampling: Sampling,
    generator: ChaCha8Rng,
}

impl Sampler {
    /// The sampler of a batch's row.
    pub fn new(sampling: Sampling, row: usize) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(sampling.seed);
        generator.set_stream(row as u64);
        Self { sampling, generator }
    }

    /// Chooses a token by its scores. Equal scores go to the lower id.
    pub fn choose(&mut self, scores: &[f32]) -> u32 {
        if self.sampling.temperature == 0.0 {
            return argmax(scores);
        }
        let candidates = self.sampling.candidates(scores);
        let mut left = self.generator.random::<f64>();
        for &(token, probability) in &candidates {
            left -= probability;
            if left < 0.0 {
                return token;
            }
        }
        // Rounding can leave a sum just below the draw; the last candidate is the one meant.
        candidates.last().map_or_else(|| argmax(scores), |&(token, _)| token)
    }
}

impl Sampling {
    /// The tokens that may be drawn with their probabilities, best first, as `transformers` filters
    /// them: temperature, then top-k, then top-p.
    ///
    /// Reference: Fan et al. 2018, <https://arxiv.org/abs/1805.04833>; Holtzman et al. 2019,
    /// <https://arxiv.org/abs/1904.09751>
    pub fn candidates(&self, scores: &[f32]) -> Vec<(u32, f64)> {
        let mut order: Vec<u32> = (0..scores.len() as u32).collect();
        let score = |token: u32| f64::from(scores[token as usize]) / self.temperature;
        order.sort_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
        order.truncate(self.top_k.unwrap_or(usize::MAX));

        let best = order.first().map_or(0.0, |&token| score(token));
        let weights: Vec<f64> = order.iter().map(|&token| (score(token) - best).exp()).collect();
        let total: f64 = weights.iter().sum();

        let mut kept = 0;
        let mut mass = 0.0;
        // The token that crosses the border stays, so at least one does.
        while kept < weights.len() && (mass < self.top_p * total || kept == 0) {
            mass += weights[kept];
            kept += 1;
        }
        order
            .iter()
            .zip(&weights)
            .take(kept)
            .map(|(&token, &weight)| (token, weight / mass))
            .collect()
    }
}

fn argmax(scores: &[f32]) -> u32 {
    let mut best = 0;
    for (token, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = token;
        }
    }
    best as u32
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
            sampling.candidates(&SCORES).iter().map(|candidate| candidate.0).collect()
        };
        assert_eq!(tokens(Sampling { top_k: Some(2), ..sampling(1.0) }), [1, 2]);
        // The probabilities are 0.644, 0.237, 0.087 and 0.032.
        assert_eq!(tokens(Sampling { top_p: 0.6, ..sampling(1.0) }), [1]);
        assert_eq!(tokens(Sampling { top_p: 0.7, ..sampling(1.0) }), [1, 2]);
        assert_eq!(tokens(Sampling { top_p: 1e-9, ..sampling(1.0) }), [1]);
        assert_eq!(tokens(sampling(1.0)).len(), 4);
    }

    #[test]
    fn draws_follow_the_softmax() {
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
            .map(|&(token, p)| {
                (counts[token as usize] as f64 - n as f64 * p).powi(2) / (n as f64 * p)
            })
            .sum();
        // The 99.9 % quantile with 3 degrees of freedom.
        assert!(chi_squared < 16.27, "{chi_squared}, {counts:?}");
    }

    #[test]
    fn rows_draw_apart_and_a_seed_repeats() {
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
