//! Constraints on the next token: forbidden, forced and penalized tokens.

use std::collections::BTreeMap;

use super::options::{Options, OptionsError};

/// Rules that modify the logits before a token is chosen. The default changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraints {
    /// Divides the positive logits of tokens in the text or its prompt, and multiplies the negative
    /// ones; 1 disables it.
    pub repetition_penalty: f64,
    /// Subtracted from the logit of every token generated before.
    pub presence_penalty: f64,
    /// Subtracted from a token's logit once per earlier occurrence in the generated tokens.
    pub frequency_penalty: f64,
    /// No n-gram of this size occurs twice; 0 disables it.
    pub no_repeat_ngram: usize,
    /// No n-gram of this size from the source (or the prompt of a decoder-only model) is generated;
    /// 0 disables it.
    pub no_repeat_source_ngram: usize,
    /// Token sequences that must not be generated.
    pub bad_words: Vec<Vec<u32>>,
    /// The token forced after the initial (start) token.
    pub forced_bos: Option<u32>,
    /// The tokens allowed at the last position when the maximum length is reached.
    pub forced_eos: Vec<u32>,
    /// Tokens that are never generated.
    pub suppressed: Vec<u32>,
    /// Tokens that are not generated at the first position.
    pub suppressed_first: Vec<u32>,
}

impl Default for Constraints {
    fn default() -> Self {
        Self {
            repetition_penalty: 1.0,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            no_repeat_ngram: 0,
            no_repeat_source_ngram: 0,
            bad_words: Vec::new(),
            forced_bos: None,
            forced_eos: Vec::new(),
            suppressed: Vec::new(),
            suppressed_first: Vec::new(),
        }
    }
}

/// The tokens so far, for the evaluation of the constraints.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// The source tokens of an encoder-decoder; otherwise empty.
    pub source: &'a [u32],
    /// The tokens so far, including the prompt or the start token.
    pub text: &'a [u32],
    /// The number of initial tokens in `text`.
    pub begun: usize,
}

impl History<'_> {
    /// The generated tokens.
    fn added(&self) -> &[u32] {
        &self.text[self.begun.min(self.text.len())..]
    }
}

const NEVER: f32 = f32::NEG_INFINITY;

impl Constraints {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// The error names the first invalid setting.
    pub fn validate(&self) -> Result<(), OptionsError> {
        let penalty = self.repetition_penalty;
        if !(penalty.is_finite() && penalty > 0.0) {
            return Err(OptionsError::new("repetition_penalty", penalty, "it must be above 0"));
        }
        for (setting, value) in [
            ("presence_penalty", self.presence_penalty),
            ("frequency_penalty", self.frequency_penalty),
        ] {
            if !value.is_finite() {
                return Err(OptionsError::new(setting, value, "it must be a number"));
            }
        }
        if self.bad_words.iter().any(Vec::is_empty) {
            return Err(OptionsError::new("bad_words_ids", "[]", "a word has at least one token"));
        }
        Ok(())
    }
}

impl Options {
    /// Applies the constraints to the next token's logits, in the order of `transformers`.
    ///
    /// Reference: repetition penalty, Keskar et al. 2019, §4.1, <https://arxiv.org/abs/1909.05858>
    ///
    /// # Shapes
    ///
    /// - `scores`: `[vocab_size]`
    pub fn constrain(&self, history: History<'_>, scores: &mut [f32]) {
        let rules = &self.constraints;
        rules.penalize(history, scores);
        ban_repeats(rules.no_repeat_ngram, history.text, history.text, scores);
        let read = match history.source {
            [] => &history.text[..history.begun.min(history.text.len())],
            source => source,
        };
        ban_repeats(rules.no_repeat_source_ngram, read, history.text, scores);
        for word in &rules.bad_words {
            let Some((&last, before)) = word.split_last() else { continue };
            let is_eos = before.is_empty() && self.eos.contains(&last);
            if !is_eos && history.text.ends_with(before) {
                ban(&[last], scores);
            }
        }
        let added = history.added().len();
        if added < self.min_new_tokens {
            ban(&self.eos, scores);
        }
        if let Some(token) = rules.forced_bos.filter(|_| history.text.len() == 1) {
            force(&[token], scores);
        }
        if added + 1 == self.max_new_tokens && !rules.forced_eos.is_empty() {
            force(&rules.forced_eos, scores);
        }
        ban(&rules.suppressed, scores);
        // If the first token is forced, the token after it counts as the first.
        let first = history.begun + usize::from(history.begun <= 1 && rules.forced_bos.is_some());
        if history.text.len() == first {
            ban(&rules.suppressed_first, scores);
        }
    }
}

impl Constraints {
    fn penalize(&self, history: History<'_>, scores: &mut [f32]) {
        if self.repetition_penalty != 1.0 {
            let penalty = self.repetition_penalty as f32;
            let mut seen: Vec<u32> = history.text.to_vec();
            seen.sort_unstable();
            seen.dedup();
            for token in seen {
                if let Some(score) = scores.get_mut(token as usize) {
                    *score = if *score < 0.0 { *score * penalty } else { *score / penalty };
                }
            }
        }
        if self.presence_penalty != 0.0 || self.frequency_penalty != 0.0 {
            let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
            for &token in history.added() {
                *counts.entry(token).or_default() += 1.0;
            }
            for (token, count) in counts {
                if let Some(score) = scores.get_mut(token as usize) {
                    *score -= (self.presence_penalty + count * self.frequency_penalty) as f32;
                }
            }
        }
    }
}

/// Bans the tokens that would complete, at the end of `text`, an n-gram that occurs in `seen`.
fn ban_repeats(n: usize, seen: &[u32], text: &[u32], scores: &mut [f32]) {
    if n == 0 || text.len() + 1 < n {
        return;
    }
    let end = &text[text.len() + 1 - n..];
    for window in seen.windows(n) {
        if window[..n - 1] == *end {
            ban(&window[n - 1..], scores);
        }
    }
}

fn ban(tokens: &[u32], scores: &mut [f32]) {
    for &token in tokens {
        if let Some(score) = scores.get_mut(token as usize) {
            *score = NEVER;
        }
    }
}

fn force(tokens: &[u32], scores: &mut [f32]) {
    scores.fill(NEVER);
    for &token in tokens {
        if let Some(score) = scores.get_mut(token as usize) {
            *score = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constrained(constraints: Constraints, text: &[u32], begun: usize) -> Vec<f32> {
        let options =
            Options { constraints, eos: vec![0], max_new_tokens: 4, ..Options::default() };
        let mut scores = vec![1.0, 2.0, -1.0, 4.0];
        options.constrain(History { source: &[1, 2], text, begun }, &mut scores);
        scores
    }

    #[test]
    fn penalties_lower_repeated_tokens() {
        let rules = Constraints { repetition_penalty: 2.0, ..Constraints::default() };
        assert_eq!(constrained(rules, &[2, 3, 3], 1), [1.0, 2.0, -2.0, 2.0]);
        let rules =
            Constraints { presence_penalty: 1.0, frequency_penalty: 0.5, ..Constraints::default() };
        assert_eq!(constrained(rules, &[2, 3, 3], 1), [1.0, 2.0, -1.0, 2.0]);
    }

    #[test]
    fn ngrams_do_not_repeat() {
        let rules = Constraints { no_repeat_ngram: 2, ..Constraints::default() };
        assert_eq!(constrained(rules, &[1, 3, 1], 1), [1.0, 2.0, -1.0, NEVER]);
        let rules = Constraints { no_repeat_source_ngram: 2, ..Constraints::default() };
        assert_eq!(constrained(rules, &[1], 1), [1.0, 2.0, NEVER, 4.0]);
        let rules = Constraints { no_repeat_ngram: 1, ..Constraints::default() };
        assert_eq!(constrained(rules, &[1, 3], 1), [1.0, NEVER, -1.0, NEVER]);
    }

    #[test]
    fn bad_words_are_not_completed_and_the_end_stays_possible() {
        let bad_words = vec![vec![1, 2], vec![3], vec![0]];
        let rules = Constraints { bad_words, ..Constraints::default() };
        assert_eq!(constrained(rules.clone(), &[1], 1), [1.0, 2.0, NEVER, NEVER]);
        assert_eq!(constrained(rules, &[2], 1), [1.0, 2.0, -1.0, NEVER]);
    }

    #[test]
    fn tokens_are_forced_at_the_ends() {
        let rules =
            Constraints { forced_bos: Some(2), forced_eos: vec![0], ..Constraints::default() };
        assert_eq!(constrained(rules.clone(), &[1], 1), [NEVER, NEVER, 0.0, NEVER]);
        assert_eq!(constrained(rules.clone(), &[1, 2], 1), [1.0, 2.0, -1.0, 4.0]);
        assert_eq!(constrained(rules, &[1, 2, 2, 2], 1), [0.0, NEVER, NEVER, NEVER]);
        let rules = Constraints { suppressed_first: vec![3], ..Constraints::default() };
        assert_eq!(constrained(rules.clone(), &[1], 1), [1.0, 2.0, -1.0, NEVER]);
        assert_eq!(constrained(rules, &[1, 1], 1), [1.0, 2.0, -1.0, 4.0]);
    }
}
