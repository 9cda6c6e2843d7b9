//! Metrics of generated text, tags and labels, as the standard tools compute them.
//!
//! | module | input | equals |
//! |---|---|---|
//! | [`bleu`] | translations, by word n-grams | sacreBLEU 2.6.0 |
//! | [`chrf`] | translations, by character n-grams | sacreBLEU 2.6.0 |
//! | [`entities`] | named entities | seqeval 1.2.2 |
//! | [`accuracy`] | labels, tags, whole answers | scikit-learn 1.9.1 |
//! | [`bits`] | language model losses | |
//!
//! Arguments are always in the order found, expected. No function returns NaN: instead of dividing
//! by zero, it returns an error or the value of the standard tool.

pub mod accuracy;
pub mod bits;
pub mod bleu;
pub mod chrf;
pub mod entities;

mod grams;
mod text;
mod tokens;

/// Why a score could not be computed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// There is nothing to score.
    #[error("there is nothing to score: no {what} were given")]
    Empty {
        /// The missing items.
        what: &'static str,
    },
    /// The numbers of found and expected items differ.
    #[error("{found} {what} were found and {expected} expected: provide one for each")]
    Lengths {
        /// The counted items.
        what: &'static str,
        /// The number found.
        found: usize,
        /// The number expected.
        expected: usize,
    },
    /// A sequence is longer or shorter than the expected one.
    #[error(
        "sequence {sequence} has {found} tokens, and {expected} were expected: provide one for each"
    )]
    SequenceLengths {
        /// Index of the sequence, from 0.
        sequence: usize,
        /// Length of the found sequence.
        found: usize,
        /// Length of the expected sequence.
        expected: usize,
    },
    /// A sentence has no reference.
    #[error("sentence {sentence} has no reference: provide at least one")]
    NoReference {
        /// Index of the sentence, from 0.
        sentence: usize,
    },
    /// A tag is not in the IOB2 scheme.
    #[error("tag {tag:?} of word {word} in sentence {sentence} is not O, B-TYPE or I-TYPE")]
    UnknownTag {
        /// Index of the sentence, from 0.
        sentence: usize,
        /// Index of the word, from 0.
        word: usize,
        /// The tag.
        tag: String,
    },
    /// The smoothing value is negative or not finite.
    #[error("smoothing adds {value} matches: a finite number of 0 or more is needed")]
    Smoothing {
        /// The smoothing value.
        value: f64,
    },
    /// The loss is negative or not finite.
    #[error(
        "the loss is {nats}: only finite losses of 0 or more have a score; did the run diverge?"
    )]
    Loss {
        /// The loss, in nats.
        nats: f64,
    },
}

/// Case sensitivity: whether `A` and `a` are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// Case-sensitive.
    #[default]
    Mixed,
    /// Texts are lowercased first.
    Lower,
}

impl Case {
    /// The value in sacreBLEU's signatures.
    fn signature(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Lower => "lc",
        }
    }

    fn apply(self, text: &str) -> String {
        match self {
            Self::Mixed => text.to_owned(),
            Self::Lower => text.to_lowercase(),
        }
    }
}

/// Checks that both counts are equal and not 0.
fn check_lengths(what: &'static str, found: usize, expected: usize) -> Result<(), ScoreError> {
    if found != expected {
        return Err(ScoreError::Lengths { what, found, expected });
    }
    if found == 0 {
        return Err(ScoreError::Empty { what });
    }
    Ok(())
}

/// The number of references, as in sacreBLEU's signatures.
fn references_signature<S>(references: &[Vec<S>]) -> String {
    let count = references.first().map_or(0, Vec::len);
    if references.iter().all(|sentence| sentence.len() == count) {
        count.to_string()
    } else {
        "var".to_owned()
    }
}

/// Checks that every sentence has at least one reference.
fn check_references<H, R>(hypotheses: &[H], references: &[Vec<R>]) -> Result<(), ScoreError> {
    check_lengths("sentences", hypotheses.len(), references.len())?;
    match references.iter().position(Vec::is_empty) {
        Some(sentence) => Err(ScoreError::NoReference { sentence }),
        None => Ok(()),
    }
}
