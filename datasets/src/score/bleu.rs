//! BLEU of a corpus, as sacreBLEU computes it.
//!
//! ```text
//! BLEU = BP · exp(¼ Σ_{n=1..4} ln p_n)      BP = min(1, exp(1 − reference length / hypothesis length))
//! ```
//!
//! where p_n is the fraction of n-grams of the hypotheses that occur in a reference, each count
//! clipped to its maximum over the references. Counts are summed over the corpus before any
//! division, so corpus BLEU is not a mean over sentences. There are four orders and no effective
//! order: a corpus in which no sentence has four tokens has a BLEU of 0.
//!
//! Reference: Papineni et al. 2002, <https://aclanthology.org/P02-1040>; Post 2018,
//! <https://aclanthology.org/W18-6319>; smoothing: Chen & Cherry 2014,
//! <https://aclanthology.org/W14-3346>

use super::case::Case;
use super::checks::{check_references, references_signature};
use super::error::ScoreError;
use super::grams;
use std::collections::HashMap;
use std::ops::AddAssign;

pub use super::tokens::Tokenization;

/// The largest n-gram order.
pub const ORDERS: usize = 4;

/// Smoothing of zero precisions, whose logarithm is undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Smoothing {
    /// The first zero order counts 1/2 match, the next 1/4, and so on: sacreBLEU's default.
    #[default]
    Exponential,
    /// Every zero order counts this many matches; sacreBLEU's value is 0.1.
    Floor(f64),
    /// Adds this many matches and n-grams to every order above 1; sacreBLEU's value is 1.
    Add(f64),
    /// No smoothing: a single zero order makes the score 0.
    None,
}

impl Smoothing {
    fn check(self) -> Result<(), ScoreError> {
        match self {
            Self::Floor(value) | Self::Add(value) if !value.is_finite() || value < 0.0 => {
                Err(ScoreError::Smoothing { value })
            }
            _ => Ok(()),
        }
    }

    fn signature(self) -> String {
        match self {
            Self::Exponential => "exp".to_owned(),
            Self::Floor(value) => format!("floor[{value:.2}]"),
            Self::Add(value) => format!("add-k[{value:.2}]"),
            Self::None => "none".to_owned(),
        }
    }
}

/// BLEU settings; the default is sacreBLEU's.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Bleu {
    /// The tokenization of sentences.
    pub tokenization: Tokenization,
    /// The smoothing of zero precisions.
    pub smoothing: Smoothing,
    /// Case sensitivity.
    pub case: Case,
}

/// BLEU and its components.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct BleuScore {
    /// From 0 to 100.
    pub score: f64,
    /// Smoothed precisions of n-grams of 1 to [`ORDERS`] tokens, in percent. All are 0 if no token
    /// matches.
    pub precisions: [f64; ORDERS],
    /// Matching n-grams, before smoothing.
    pub matches: [usize; ORDERS],
    /// N-grams of the hypotheses, before smoothing.
    pub totals: [usize; ORDERS],
    /// The penalty for hypotheses shorter than the references, from 0 to 1.
    pub brevity_penalty: f64,
    /// Tokens of the hypotheses.
    pub hypothesis_length: usize,
    /// Tokens of the references: for each sentence, the reference closest in length.
    pub reference_length: usize,
    /// The settings to report with the score, in sacreBLEU's format, with this crate's version.
    pub signature: String,
}

impl Bleu {
    /// The score of `hypotheses`, each with one or more references.
    ///
    /// # Errors
    ///
    /// [`ScoreError`] if there are no sentences, the numbers of sentences differ, a sentence has no
    /// reference, or the smoothing value is negative.
    pub fn score<H: AsRef<str>, R: AsRef<str>>(
        &self,
        hypotheses: &[H],
        references: &[Vec<R>],
    ) -> Result<BleuScore, ScoreError> {
        check_references(hypotheses, references)?;
        self.smoothing.check()?;
        let mut counts = BleuCounts::default();
        for (hypothesis, references) in hypotheses.iter().zip(references) {
            counts += self.counts(hypothesis.as_ref(), references);
        }
        let precisions = counts.precisions(self.smoothing);
        let brevity_penalty = counts.brevity_penalty();
        let signature = format!(
            "nrefs:{}|case:{}|eff:no|tok:{}|smooth:{}|version:burn-zoo-{}",
            references_signature(references),
            self.case.signature(),
            self.tokenization.name(),
            self.smoothing.signature(),
            env!("CARGO_PKG_VERSION"),
        );
        Ok(BleuScore {
            score: self.score_of(&counts),
            precisions,
            matches: counts.matches,
            totals: counts.totals,
            brevity_penalty,
            hypothesis_length: counts.hypothesis_length,
            reference_length: counts.reference_length,
            signature,
        })
    }

    /// The counts of a sentence, whose sums over a corpus give its score.
    pub fn counts<R: AsRef<str>>(&self, hypothesis: &str, references: &[R]) -> BleuCounts {
        let references: Vec<_> = references.iter().map(|r| self.tokens(r.as_ref())).collect();
        BleuCounts::new(&self.tokens(hypothesis), &references)
    }

    /// The score of summed counts, from 0 to 100.
    pub fn score_of(&self, counts: &BleuCounts) -> f64 {
        counts.brevity_penalty() * geometric_mean(&counts.precisions(self.smoothing))
    }

    fn tokens(&self, sentence: &str) -> Vec<String> {
        self.tokenization.tokens(&self.case.apply(sentence))
    }
}

/// The geometric mean; 0 if any value is 0.
fn geometric_mean(values: &[f64]) -> f64 {
    if values.contains(&0.0) {
        return 0.0;
    }
    (values.iter().map(|p| p.ln()).sum::<f64>() / values.len() as f64).exp()
}

/// Counts of a sentence, or summed over a corpus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BleuCounts {
    matches: [usize; ORDERS],
    totals: [usize; ORDERS],
    hypothesis_length: usize,
    reference_length: usize,
}

impl AddAssign for BleuCounts {
    fn add_assign(&mut self, other: Self) {
        for n in 0..ORDERS {
            self.matches[n] += other.matches[n];
            self.totals[n] += other.totals[n];
        }
        self.hypothesis_length += other.hypothesis_length;
        self.reference_length += other.reference_length;
    }
}

impl BleuCounts {
    fn new(hypothesis: &[String], references: &[Vec<String>]) -> Self {
        let length = hypothesis.len();
        // Ties go to the shorter reference.
        let lengths = references.iter().map(Vec::len);
        let closest = lengths.min_by_key(|r| (r.abs_diff(length), *r)).unwrap_or(0);
        let mut counts =
            Self { hypothesis_length: length, reference_length: closest, ..Self::default() };
        for n in 1..=ORDERS {
            let mut allowed = HashMap::new();
            for reference in references {
                for (gram, count) in grams::count(reference, n) {
                    let most: &mut usize = allowed.entry(gram).or_default();
                    *most = count.max(*most);
                }
            }
            counts.matches[n - 1] = grams::matches(&grams::count(hypothesis, n), &allowed);
            counts.totals[n - 1] = (length + 1).saturating_sub(n);
        }
        counts
    }

    fn brevity_penalty(&self) -> f64 {
        let (found, expected) = (self.hypothesis_length, self.reference_length);
        match found {
            _ if found >= expected => 1.0,
            0 => 0.0,
            _ => (1.0 - expected as f64 / found as f64).exp(),
        }
    }

    /// In percent.
    fn precisions(&self, smoothing: Smoothing) -> [f64; ORDERS] {
        let mut precisions = [0.0; ORDERS];
        // Smoothing fills in missing orders, but never creates a score without any match.
        if self.matches.iter().all(|&count| count == 0) {
            return precisions;
        }
        let mut halved = 1.0;
        for n in 1..=ORDERS {
            let (mut matches, mut total) = (self.matches[n - 1] as f64, self.totals[n - 1] as f64);
            if let (Smoothing::Add(value), 2..) = (smoothing, n) {
                matches += value;
                total += value;
            }
            if total == 0.0 {
                break;
            }
            precisions[n - 1] = match smoothing {
                _ if matches != 0.0 => 100.0 * matches / total,
                Smoothing::Exponential => {
                    halved *= 2.0;
                    100.0 / (halved * total)
                }
                Smoothing::Floor(value) => 100.0 * value / total,
                Smoothing::Add(_) | Smoothing::None => 0.0,
            };
        }
        precisions
    }
}
