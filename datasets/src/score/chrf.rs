//! chrF and chrF++ of a corpus, as sacreBLEU computes them.
//!
//! ```text
//! chrF = 100 · (1 + β²) P R / (β² P + R)
//! ```
//!
//! where P and R are the mean precision and recall over n-grams of 1 to 6 characters (and of 1 and
//! 2 words in chrF++). The means include only orders for which both sides have n-grams. Counts are
//! summed over the corpus; with several references, each sentence uses the one with its best score.
//!
//! Reference: Popović 2015, <https://aclanthology.org/W15-3049>; chrF++: Popović 2017,
//! <https://aclanthology.org/W17-4770>; Post 2018, <https://aclanthology.org/W18-6319>

use super::case::Case;
use super::checks::{check_references, references_signature};
use super::error::ScoreError;
use super::grams;
use super::text::{is_space, words};
use std::collections::HashMap;
use std::hash::Hash;
use std::ops::AddAssign;

/// The treatment of white space between words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Spaces {
    /// Removed, so that n-grams span word boundaries.
    #[default]
    Removed,
    /// Kept as ordinary characters.
    Kept,
}

/// chrF settings; the default is sacreBLEU's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Chrf {
    /// The largest character n-gram order.
    pub character_order: usize,
    /// The largest word n-gram order; 0 for chrF, 2 for chrF++.
    pub word_order: usize,
    /// β: recall is weighted β² times as much as precision.
    pub beta: u32,
    /// The treatment of white space.
    pub spaces: Spaces,
    /// Case sensitivity.
    pub case: Case,
}

impl Default for Chrf {
    fn default() -> Self {
        let (spaces, case) = (Spaces::Removed, Case::Mixed);
        Self { character_order: 6, word_order: 0, beta: 2, spaces, case }
    }
}

/// A chrF score, and its name with these settings.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ChrfScore {
    /// From 0 to 100.
    pub score: f64,
    /// `chrF2`, and `chrF2++` for chrF++ with a β of 2.
    pub name: String,
    /// The settings to report with the score, in sacreBLEU's format, with this crate's version.
    pub signature: String,
}

impl Chrf {
    /// chrF++: includes n-grams of one and two words.
    pub fn plus_plus() -> Self {
        Self { word_order: 2, ..Self::default() }
    }

    /// The score of `hypotheses`, each with one or more references.
    ///
    /// # Errors
    ///
    /// [`ScoreError`] if there are no sentences, the numbers of sentences differ, or a sentence has
    /// no reference.
    pub fn score<H: AsRef<str>, R: AsRef<str>>(
        &self,
        hypotheses: &[H],
        references: &[Vec<R>],
    ) -> Result<ChrfScore, ScoreError> {
        check_references(hypotheses, references)?;
        let mut sums = ChrfCounts::default();
        for (hypothesis, references) in hypotheses.iter().zip(references) {
            sums += &self.counts(hypothesis.as_ref(), references);
        }
        let signature = format!(
            "nrefs:{}|case:{}|eff:yes|nc:{}|nw:{}|space:{}|version:burn-zoo-{}",
            references_signature(references),
            self.case.signature(),
            self.character_order,
            self.word_order,
            if self.spaces == Spaces::Kept { "yes" } else { "no" },
            env!("CARGO_PKG_VERSION"),
        );
        let name = format!("chrF{}{}", self.beta, "+".repeat(self.word_order));
        Ok(ChrfScore { score: self.score_of(&sums), name, signature })
    }

    /// The counts of a sentence, whose sums over a corpus give its score: those with the reference
    /// that scores best; ties go to the first.
    pub fn counts<R: AsRef<str>>(&self, hypothesis: &str, references: &[R]) -> ChrfCounts {
        let hypothesis = Units::new(self, hypothesis);
        let mut best = (-1.0, Vec::new());
        for reference in references {
            let counts = self.with(&hypothesis, &Units::new(self, reference.as_ref()));
            let score = self.f_score(&counts);
            if score > best.0 {
                best = (score, counts);
            }
        }
        ChrfCounts { orders: best.1 }
    }

    /// The score of summed counts, from 0 to 100.
    pub fn score_of(&self, counts: &ChrfCounts) -> f64 {
        self.f_score(&counts.orders)
    }

    fn with(&self, hypothesis: &Units, reference: &Units) -> Vec<Counts> {
        let characters = (1..=self.character_order)
            .map(|n| Counts::of(&hypothesis.characters, &reference.characters, n));
        let words =
            (1..=self.word_order).map(|n| Counts::of(&hypothesis.words, &reference.words, n));
        characters.chain(words).collect()
    }

    fn f_score(&self, counts: &[Counts]) -> f64 {
        let factor = f64::from(self.beta).powi(2);
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
        for Counts { found, expected, matches } in counts {
            if *found > 0 && *expected > 0 {
                precision += *matches as f64 / *found as f64;
                recall += *matches as f64 / *expected as f64;
                orders += 1.0;
            }
        }
        if precision + recall == 0.0 {
            return 0.0;
        }
        let (precision, recall) = (precision / orders, recall / orders);
        100.0 * ((1.0 + factor) * precision * recall / (factor * precision + recall))
    }
}

/// The characters and words of a sentence.
struct Units {
    characters: Vec<char>,
    words: Vec<String>,
}

impl Units {
    fn new(settings: &Chrf, sentence: &str) -> Self {
        let sentence = settings.case.apply(sentence);
        let is_kept = |c: &char| settings.spaces == Spaces::Kept || !is_space(*c);
        Self {
            characters: sentence.chars().filter(is_kept).collect(),
            words: words(&sentence).flat_map(split_punctuation).collect(),
        }
    }
}

/// Splits one punctuation mark off the end of a word, or else off its beginning.
// Not both: `(hi)` becomes `(hi` and `)`, as in the reference implementation.
fn split_punctuation(word: &str) -> Vec<String> {
    let is_mark = |c: char| c.is_ascii_punctuation();
    let at = match (word.chars().next(), word.chars().next_back()) {
        (Some(first), Some(last)) if word.len() > first.len_utf8() => {
            if is_mark(last) {
                word.len() - 1
            } else if is_mark(first) {
                1
            } else {
                0
            }
        }
        _ => 0,
    };
    let (first, second) = word.split_at(at);
    [first, second].into_iter().filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Counts of n-grams of a sentence, or summed over a corpus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChrfCounts {
    /// One for each order; empty where nothing was counted.
    orders: Vec<Counts>,
}

impl AddAssign<&Self> for ChrfCounts {
    fn add_assign(&mut self, other: &Self) {
        self.orders.resize(self.orders.len().max(other.orders.len()), Counts::default());
        for (sum, counts) in self.orders.iter_mut().zip(&other.orders) {
            sum.found += counts.found;
            sum.expected += counts.expected;
            sum.matches += counts.matches;
        }
    }
}

/// N-grams of one order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counts {
    found: usize,
    expected: usize,
    matches: usize,
}

impl Counts {
    fn of<T: Eq + Hash>(found: &[T], expected: &[T], n: usize) -> Self {
        let (found, expected) = (grams::count(found, n), grams::count(expected, n));
        let sum = |counts: &HashMap<&[T], usize>| counts.values().sum();
        Self {
            // An order that the reference is too short for does not count against the hypothesis.
            found: if expected.is_empty() { 0 } else { sum(&found) },
            expected: sum(&expected),
            matches: grams::matches(&found, &expected),
        }
    }
}
