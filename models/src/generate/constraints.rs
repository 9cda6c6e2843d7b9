//! Which tokens may follow on a text, and which are made less likely.

use std::collections::BTreeMap;

use super::options::{Options, OptionsError};

/// Rules that change the scores before a token is chosen. The default changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Constraints {
    /// The scores of tokens in the text or its prompt are divided by this, those below 0 multiplied;
    /// 1 leaves them.
    pub repetition_penalty: f64,
    /// Subtracted from the score of every token that was added already.
    pub presence_penalty: f64,
    /// Subtracted once for each time that a token was added.
    pub frequency_penalty: f64,
    /// No sequence of this many tokens comes twice; 0 allows all.
    pub no_repeat_ngram: usize,
    /// No sequence of this many tokens of what was read is written, which is the source or the prompt;
    /// 0 allows all.
    pub no_repeat_source_ngram: usize,
    /// Sequences that are not written.
    pub bad_words: Vec<Vec<u32>>,
    /// The first token, after the one that a text begins with by itself.
    pub forced_bos: Option<u32>,
    /// The last token of a text that has become too long.
    pub forced_eos: Vec<u32>,
    /// Tokens that are never written.
    pub suppressed: Vec<u32>,
    /// Tokens that do not come first.
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

/// A text so far, as the rules see it.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// What is read, where that is another text.
    pub source: &'a [u32],
    /// What was written, its beginning or its prompt included.
    pub text: &'a [u32],
    /// How many tokens of `text` were there from the start.
    pub begun: usize,
}

impl History<'_> {
    /// The tokens that were added.
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
    /// Names the first that makes no sense.
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
    /// Changes the scores of the next token by the rules, in the order of `transformers`.
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
        // Where the first token is forced, the one after it counts as the first.
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

/// Bans what would complete a sequence of `n` tokens that `seen` has, after the end of `text`.
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
    fn penalties_lower_what_was_written() {
        let rules = Constraints { repetition_penalty: 2.0, ..Constraints::default() };
        assert_eq!(constrained(rules, &[2, 3, 3], 1), [1.0, 2.0, -2.0, 2.0]);
        let rules =
            Constraints { presence_penalty: 1.0, frequency_penalty: 0.5, ..Constraints::default() };
        assert_eq!(constrained(rules, &[2, 3, 3], 1), [1.0, 2.0, -1.0, 2.0]);
    }

    #[test]
    fn sequences_do_not_come_twice() {
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
