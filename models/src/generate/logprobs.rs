//! Log-probabilities of tokens under the model's own distribution.

use super::request::RequestId;

/// Which log-probabilities to compute in addition to the tokens. The default computes none.
///
/// They are those of the model's own distribution: the log-softmax of its logits, before
/// temperature and [`Constraints`](super::Constraints) are applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scoring {
    /// For each generated token: its log-probability, and those of this many of the likeliest
    /// tokens at its position.
    pub added: Option<usize>,
    /// The same for each prompt token except the first, which has no context.
    pub prompt: Option<usize>,
}

/// A token and its log-probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenLogprob {
    /// The token.
    pub token: u32,
    /// The natural logarithm of its probability.
    pub logprob: f64,
}

/// Log-probabilities at one position of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenLogprobs {
    /// The text's token at this position.
    pub chosen: TokenLogprob,
    /// The likeliest tokens at this position, best first; ties are ordered by token id.
    pub top: Vec<TokenLogprob>,
}

/// The log-probabilities of a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredPrompt {
    /// The prompt's request.
    pub request_id: RequestId,
    /// The log-probabilities of the prompt's tokens, starting at the second.
    pub tokens: Vec<TokenLogprobs>,
}

impl TokenLogprobs {
    /// The log-probabilities of `token` and of the `top` likeliest tokens; `None` if the logits are
    /// not finite and thus define no distribution.
    ///
    /// Sums in f64, so that the rounding error does not grow with the size of the vocabulary.
    ///
    /// # Shapes
    ///
    /// - `scores`: `[vocab_size]`
    pub fn of(scores: &[f32], token: u32, top: usize) -> Option<Self> {
        let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let best = f64::from(best);
        let sum: f64 = scores.iter().map(|&score| (f64::from(score) - best).exp()).sum();
        let normalizer = best + sum.ln();
        if !normalizer.is_finite() {
            return None;
        }
        let of = |token: u32| {
            let score = scores.get(token as usize).copied().unwrap_or(f32::NEG_INFINITY);
            TokenLogprob { token, logprob: f64::from(score) - normalizer }
        };
        Some(Self {
            chosen: of(token),
            top: best_tokens(scores, top).into_iter().map(of).collect(),
        })
    }
}

/// The tokens with the highest scores, best first; ties are ordered by token id.
fn best_tokens(scores: &[f32], count: usize) -> Vec<u32> {
    let mut best: Vec<(f32, u32)> = Vec::with_capacity(count + 1);
    for (token, &score) in (0..).zip(scores) {
        if best.len() == count && best.last().is_none_or(|last| score <= last.0) {
            continue;
        }
        let place = best.partition_point(|other| other.0 >= score);
        best.insert(place, (score, token));
        best.truncate(count);
    }
    best.into_iter().map(|(_, token)| token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_and_the_best_come_first() {
        let scores = [1.0, -2.0, 3.5, 3.5, 0.0];
        let found = TokenLogprobs::of(&scores, 1, 5).unwrap();
        let sum: f64 = found.top.iter().map(|entry| entry.logprob.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        let tokens: Vec<u32> = found.top.iter().map(|entry| entry.token).collect();
        assert_eq!(tokens, [2, 3, 0, 4, 1]);
        assert_eq!(found.chosen, found.top[4]);
        let few = TokenLogprobs::of(&scores, 1, 2).unwrap();
        assert_eq!((few.chosen, &few.top[..]), (found.chosen, &found.top[..2]));
        assert!(TokenLogprobs::of(&scores, 1, 0).unwrap().top.is_empty());
        assert_eq!(TokenLogprobs::of(&scores, 1, 9).unwrap(), found);
    }

    #[test]
    fn large_scores_and_large_vocabularies_lose_nothing() {
        let shifted = |shift: f32| [shift + 1.0, shift, shift - 1.0];
        let expected = -(1.0 + (-1f64).exp() + (-2f64).exp()).ln();
        for shift in [0.0, 3000.0, -3000.0] {
            let found = TokenLogprobs::of(&shifted(shift), 0, 1).unwrap();
            assert!((found.chosen.logprob - expected).abs() < 1e-12, "{shift}: {found:?}");
        }
        // An f32 sum would stop growing.
        let count = 200_000;
        let found = TokenLogprobs::of(&vec![0.5; count], 7, 1).unwrap();
        assert!((found.chosen.logprob + (count as f64).ln()).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn scores_without_a_distribution_give_none() {
        for bad in [f32::NAN, f32::INFINITY] {
            assert_eq!(TokenLogprobs::of(&[0.0, bad], 0, 1), None);
        }
        assert_eq!(TokenLogprobs::of(&[f32::NEG_INFINITY; 2], 0, 1), None);
        let found = TokenLogprobs::of(&[0.0, f32::NEG_INFINITY], 1, 1).unwrap();
        assert_eq!(found.chosen.logprob, f64::NEG_INFINITY);
        assert_eq!(found.top[0].logprob, 0.0);
    }
}
