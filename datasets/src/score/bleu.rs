//! BLEU of a corpus, as sacreBLEU computes it.
//!
//! ```text
//! BLEU = BP · exp(¼ Σ_{n=1..4} ln p_n)      BP = min(1, exp(1 − length of references / length found))
//! ```
//!
//! where p_n is the share of the n-grams found that are in a reference, each counted at most as often
//! as in the reference that has most of them. Counts are summed over the corpus before anything is
//! divided, so the BLEU of a corpus is no mean over sentences. There are four orders and no
//! effective order: a corpus in which no sentence has four tokens has a BLEU of 0.
//!
//! Reference: Papineni et al. 2002, <https://aclanthology.org/P02-1040>; Post 2018,
//! <https://aclanthology.org/W18-6319>; smoothing: Chen & Cherry 2014,
//! <https://aclanthology.org/W14-3346>

use super::{Case, ScoreError, check_references, grams, references_signature};
use std::collections::HashMap;

pub use super::tokens::Tokenization;

/// The largest n-grams that are compared.
pub const ORDERS: usize = 4;

/// What stands in for a precision of 0, of which there is no logarithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Smoothing {
    /// The first such order counts half a match, the next a quarter, and so on: sacreBLEU's default.
    #[default]
    Exponential,
    /// Every such order counts this much of a match; sacreBLEU's value is 0.1.
    Floor(f64),
    /// Every order above 1 gets so many more matches and n-grams; sacreBLEU's value is 1.
    Add(f64),
    /// Nothing: one such order makes the score 0.
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

/// How BLEU is computed; the default is sacreBLEU's.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Bleu {
    /// How sentences are cut into tokens.
    pub tokenization: Tokenization,
    /// What stands in for a precision of 0.
    pub smoothing: Smoothing,
    /// Whether letters of different case differ.
    pub case: Case,
}

/// BLEU and what it is made of.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct BleuScore {
    /// From 0 to 100.
    pub score: f64,
    /// Smoothed precisions of n-grams from 1 to [`ORDERS`] tokens, in percent. All are 0 where not a
    /// single token matches.
    pub precisions: [f64; ORDERS],
    /// N-grams that match, before smoothing.
    pub matches: [usize; ORDERS],
    /// N-grams found, before smoothing.
    pub totals: [usize; ORDERS],
    /// From 0 to 1: the penalty for texts that are shorter than the references.
    pub brevity_penalty: f64,
    /// Tokens found.
    pub hypothesis_length: usize,
    /// Tokens of the references: of each sentence the one that is closest in length.
    pub reference_length: usize,
    /// All that must be said with the score, in sacreBLEU's words. The version is this program's.
    pub signature: String,
}

impl Bleu {
    /// The score of `hypotheses`, of which each has one or more references.
    ///
    /// # Errors
    ///
    /// [`ScoreError`] where there is no sentence, where the numbers of sentences differ, and where a
    /// sentence has no reference; and for a smoothing by less than 0.
    pub fn score<H: AsRef<str>, R: AsRef<str>>(
        &self,
        hypotheses: &[H],
        references: &[Vec<R>],
    ) -> Result<BleuScore, ScoreError> {
        check_references(hypotheses, references)?;
        self.smoothing.check()?;
        let mut counts = Counts::default();
        for (hypothesis, references) in hypotheses.iter().zip(references) {
            let hypothesis = self.tokens(hypothesis.as_ref());
            let references: Vec<_> = references.iter().map(|r| self.tokens(r.as_ref())).collect();
            counts.add(&hypothesis, &references);
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
            score: brevity_penalty * geometric_mean(&precisions),
            precisions,
            matches: counts.matches,
            totals: counts.totals,
            brevity_penalty,
            hypothesis_length: counts.hypothesis_length,
            reference_length: counts.reference_length,
            signature,
        })
    }

    fn tokens(&self, sentence: &str) -> Vec<String> {
        self.tokenization.tokens(&self.case.apply(sentence))
    }
}

/// 0 where one of them is 0.
fn geometric_mean(values: &[f64]) -> f64 {
    if values.contains(&0.0) {
        return 0.0;
    }
    (values.iter().map(|p| p.ln()).sum::<f64>() / values.len() as f64).exp()
}

/// What is summed over the corpus.
#[derive(Default)]
struct Counts {
    matches: [usize; ORDERS],
    totals: [usize; ORDERS],
    hypothesis_length: usize,
    reference_length: usize,
}

impl Counts {
    fn add(&mut self, hypothesis: &[String], references: &[Vec<String>]) {
        let length = hypothesis.len();
        self.hypothesis_length += length;
        // The shorter one of two that are equally close.
        let lengths = references.iter().map(Vec::len);
        self.reference_length += lengths.min_by_key(|r| (r.abs_diff(length), *r)).unwrap_or(0);
        for n in 1..=ORDERS {
            let mut allowed = HashMap::new();
            for reference in references {
                for (gram, count) in grams::count(reference, n) {
                    let most: &mut usize = allowed.entry(gram).or_default();
                    *most = count.max(*most);
                }
            }
            self.matches[n - 1] += grams::matches(&grams::count(hypothesis, n), &allowed);
            self.totals[n - 1] += (length + 1).saturating_sub(n);
        }
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
        // Smoothing is for what is missing beside something, and makes no score out of nothing.
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
