//! Exact match and F1 of extractive answers, as SQuAD's evaluation scripts compute them.
//!
//! ```text
//! exact match = 1 if normalize(found) = normalize(answer), otherwise 0
//! F1 = 2 common / (tokens found + tokens of the answer)
//! ```
//!
//! where common tokens count with multiplicity. A question's score is the maximum over its right
//! answers, and the score of a data set the mean over questions, in percent. Normalization
//! lowercases, removes ASCII punctuation and the articles *a*, *an* and *the*, and splits at white
//! space.
//!
//! Reference: Rajpurkar et al. 2016, <https://aclanthology.org/D16-1264>; Rajpurkar et al. 2018,
//! <https://aclanthology.org/P18-2124>

use super::checks::check_lengths;
use super::error::ScoreError;
use super::grams;
use super::text::words;

/// The version of the data set, whose scripts differ in empty answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Squad {
    /// SQuAD 1.1: every question has an answer. Two texts without tokens have an F1 of 0.
    V1,
    /// SQuAD 2.0: the answer to a question without right answers is the empty text. Two texts
    /// without tokens have an F1 of 1, one text without tokens has an F1 of 0.
    V2,
}

/// The mean scores of some questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct SquadScore {
    /// From 0 to 100.
    pub exact_match: f64,
    /// From 0 to 100.
    pub f1: f64,
    /// The number of questions.
    pub questions: usize,
}

/// The scores of a data set.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct SquadScores {
    /// The mean over all questions.
    #[serde(flatten)]
    pub overall: SquadScore,
    /// The mean over questions with a right answer: `HasAns`; `None` if there are none.
    pub answerable: Option<SquadScore>,
    /// The mean over questions without one: `NoAns`; `None` if there are none.
    pub unanswerable: Option<SquadScore>,
}

impl Squad {
    /// The score of one answer: the maximum over the right answers.
    ///
    /// # Errors
    ///
    /// [`ScoreError::NoAnswer`] with question 0 if there is no right answer, except in
    /// [`V2`](Self::V2).
    pub fn question<S: AsRef<str>>(
        self,
        found: &str,
        answers: &[S],
    ) -> Result<SquadScore, ScoreError> {
        let mut answers: Vec<_> = answers.iter().map(|answer| tokens(answer.as_ref())).collect();
        if self == Self::V2 {
            // The script ignores right answers without tokens, unless there are no others.
            answers.retain(|tokens| !tokens.is_empty());
            if answers.is_empty() {
                answers.push(Vec::new());
            }
        }
        if answers.is_empty() {
            return Err(ScoreError::NoAnswer { question: 0 });
        }
        let found = tokens(found);
        let exact = answers.contains(&found);
        let f1 = answers.iter().map(|answer| self.f1(&found, answer)).fold(0.0, f64::max);
        let exact_match = if exact { 100.0 } else { 0.0 };
        Ok(SquadScore { exact_match, f1: 100.0 * f1, questions: 1 })
    }

    /// The scores of the answers `found`, one per question, each with its right answers.
    ///
    /// # Errors
    ///
    /// [`ScoreError`] if there are no questions, the numbers of questions differ, or, except in
    /// [`V2`](Self::V2), a question has no right answer.
    pub fn scores<F: AsRef<str>, E: AsRef<str>>(
        self,
        found: &[F],
        expected: &[Vec<E>],
    ) -> Result<SquadScores, ScoreError> {
        check_lengths("questions", found.len(), expected.len())?;
        let mut answerable = SquadScore::default();
        let mut unanswerable = SquadScore::default();
        for (index, (found, answers)) in found.iter().zip(expected).enumerate() {
            let score = self
                .question(found.as_ref(), answers)
                .map_err(|_| ScoreError::NoAnswer { question: index })?;
            let part = if answers.is_empty() { &mut unanswerable } else { &mut answerable };
            part.add(score);
        }
        let mut overall = answerable;
        overall.add(unanswerable);
        Ok(SquadScores {
            overall: overall.divided(),
            answerable: (answerable.questions > 0).then(|| answerable.divided()),
            unanswerable: (unanswerable.questions > 0).then(|| unanswerable.divided()),
        })
    }

    fn f1(self, found: &[String], answer: &[String]) -> f64 {
        if self == Self::V2 && found.is_empty() && answer.is_empty() {
            return 1.0;
        }
        let common = grams::matches(&grams::count(found, 1), &grams::count(answer, 1));
        match common {
            0 => 0.0,
            _ => 2.0 * common as f64 / (found.len() + answer.len()) as f64,
        }
    }
}

impl SquadScore {
    fn add(&mut self, other: Self) {
        self.exact_match += other.exact_match;
        self.f1 += other.f1;
        self.questions += other.questions;
    }

    /// The means, from sums.
    fn divided(self) -> Self {
        let questions = self.questions as f64;
        let (exact_match, f1) = (self.exact_match / questions, self.f1 / questions);
        Self { exact_match, f1, ..self }
    }
}

/// The tokens of a normalized text.
fn tokens(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let plain: String = lower.chars().filter(|c| !c.is_ascii_punctuation()).collect();
    words(&without_articles(&plain)).map(str::to_owned).collect()
}

/// The text with a space for every article that no other letter or digit touches.
// Not words at white space: `a–b` has an article, as in the scripts' `\b(a|an|the)\b`.
fn without_articles(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let word_end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let end = if word_end == 0 { c.len_utf8() } else { word_end };
        let (word, after) = rest.split_at(end);
        kept.push_str(if matches!(word, "a" | "an" | "the") { " " } else { word });
        rest = after;
    }
    kept
}
