//! ROUGE of summaries, as Google's `rouge_score` computes it without a stemmer.
//!
//! ```text
//! precision = matches / units found      recall = matches / units of the reference
//! F1 = 2 P R / (P + R)
//! ```
//!
//! The units of ROUGE-1 and ROUGE-2 are n-grams, each count clipped to the reference's. ROUGE-L
//! matches the longest common subsequence of tokens. ROUGE-Lsum matches, for every sentence of the
//! reference, the union of its longest common subsequences with all sentences found; sentences are
//! lines, so texts need a line break after each. A ratio whose denominator is 0 is 0.
//!
//! Tokens are runs of the letters a to z and digits of the lowercased text: other scripts have
//! none. Scores equal `RougeScorer(use_stemmer=False)`. Scores with a stemmer are
//! usually higher, and not comparable: Snowball's stemmers, which Rust crates have, give other stems
//! than NLTK's variant of Porter's, on which `use_stemmer=True` depends.
//!
//! Reference: Lin 2004, <https://aclanthology.org/W04-1013>; `rouge_score` 0.1.2,
//! <https://github.com/google-research/google-research/tree/master/rouge>

use super::checks::check_references;
use super::error::ScoreError;
use super::f1::{F1Counts, F1Score};
use super::{grams, lcs};
use std::collections::{BTreeSet, HashMap};

/// The scores of a summary, or their means over summaries; each is from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct RougeScores {
    /// By single tokens.
    #[serde(rename = "rouge1")]
    pub rouge_1: F1Score,
    /// By pairs of tokens.
    #[serde(rename = "rouge2")]
    pub rouge_2: F1Score,
    /// By the longest common subsequence.
    #[serde(rename = "rougeL")]
    pub rouge_l: F1Score,
    /// By the longest common subsequences of sentences (lines).
    #[serde(rename = "rougeLsum")]
    pub rouge_lsum: F1Score,
}

/// The scores of one summary; with several references, each of the four scores is that of the
/// reference with the best F1.
///
/// # Errors
///
/// [`ScoreError::NoReference`] with sentence 0 if there is no reference.
pub fn rouge_of<S: AsRef<str>>(found: &str, references: &[S]) -> Result<RougeScores, ScoreError> {
    let found = Summary::new(found);
    let mut scores = references.iter().map(|text| found.score(&Summary::new(text.as_ref())));
    let mut best = scores.next().ok_or(ScoreError::NoReference { sentence: 0 })?;
    for other in scores {
        // Ties go to the first reference.
        for (best, other) in best.all_mut().into_iter().zip(other.all()) {
            if other.f1 > best.f1 {
                *best = other;
            }
        }
    }
    Ok(best)
}

/// The mean scores of summaries, each with one or more references.
///
/// The means are those of `rouge_score`'s scores; its `BootstrapAggregator` reports the median of
/// resampled means instead, which differs in the last digits.
///
/// # Errors
///
/// [`ScoreError`] if there are no summaries, the numbers of summaries differ, or a summary has no
/// reference.
pub fn rouge<F: AsRef<str>, R: AsRef<str>>(
    found: &[F],
    references: &[Vec<R>],
) -> Result<RougeScores, ScoreError> {
    check_references(found, references)?;
    let pairs = found.iter().zip(references);
    let scores: Vec<_> =
        pairs.map(|(found, texts)| rouge_of(found.as_ref(), texts)).collect::<Result<_, _>>()?;
    let mut mean = RougeScores::default();
    for (index, mean) in mean.all_mut().into_iter().enumerate() {
        let parts: Vec<F1Score> = scores.iter().map(|scores| scores.all()[index]).collect();
        *mean = F1Score::mean(&parts);
    }
    Ok(mean)
}

impl RougeScores {
    fn all(&self) -> [F1Score; 4] {
        [self.rouge_1, self.rouge_2, self.rouge_l, self.rouge_lsum]
    }

    fn all_mut(&mut self) -> [&mut F1Score; 4] {
        [&mut self.rouge_1, &mut self.rouge_2, &mut self.rouge_l, &mut self.rouge_lsum]
    }
}

/// The tokens of a text, and of each of its lines.
struct Summary {
    tokens: Vec<String>,
    sentences: Vec<Vec<String>>,
}

impl Summary {
    fn new(text: &str) -> Self {
        Self { tokens: tokens(text), sentences: text.split('\n').map(tokens).collect() }
    }

    fn score(&self, reference: &Self) -> RougeScores {
        let ngrams = |n| {
            let (found, expected) =
                (grams::count(&self.tokens, n), grams::count(&reference.tokens, n));
            let correct = grams::matches(&found, &expected);
            let (found, expected) = (found.values().sum(), expected.values().sum());
            F1Counts { correct, found, expected }.score()
        };
        let of_tokens = |correct| {
            let (found, expected) = (self.tokens.len(), reference.tokens.len());
            F1Counts { correct, found, expected }.score()
        };
        RougeScores {
            rouge_1: ngrams(1),
            rouge_2: ngrams(2),
            rouge_l: of_tokens(lcs::length(&reference.tokens, &self.tokens)),
            rouge_lsum: of_tokens(self.union_matches(reference)),
        }
    }

    /// The tokens in the union of subsequences, each clipped to its count in the summary.
    fn union_matches(&self, reference: &Self) -> usize {
        let mut left = HashMap::<&str, usize>::new();
        for token in &self.tokens {
            *left.entry(token).or_default() += 1;
        }
        let mut matches = 0;
        for sentence in &reference.sentences {
            let union: BTreeSet<usize> =
                self.sentences.iter().flat_map(|found| lcs::indices(sentence, found)).collect();
            for index in union {
                if let Some(count @ 1..) = left.get_mut(sentence[index].as_str()) {
                    *count -= 1;
                    matches += 1;
                }
            }
        }
        matches
    }
}

fn tokens(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let tokens = lower.split(|c| !matches!(c, 'a'..='z' | '0'..='9'));
    tokens.filter(|token| !token.is_empty()).map(str::to_owned).collect()
}
