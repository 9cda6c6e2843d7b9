//! Scores of what a model wrote, tagged or chose, as the standard tools compute them.
//!
//! | module | scores | equals |
//! |---|---|---|
//! | [`bleu`] | translations, by words | sacreBLEU 2.6.0 |
//! | [`chrf`] | translations, by characters | sacreBLEU 2.6.0 |
//! | [`entities`] | names in a text | seqeval 1.2.2 |
//! | [`accuracy`] | classes, tags, whole answers | scikit-learn 1.9.1 |
//! | [`bits`] | language models | |
//!
//! Found and expected are always in this order. Nothing here gives NaN: where a score would divide by
//! nothing, it says so with an error or with the value that its standard tool takes.

pub mod accuracy;
pub mod bits;
pub mod bleu;
pub mod chrf;
pub mod entities;

mod grams;
mod text;
mod tokens;

/// Why there is no score.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// There is nothing to score.
    #[error("there is nothing to score: no {what} were given")]
    Empty {
        /// What is missing.
        what: &'static str,
    },
    /// What was found and what was expected do not go together.
    #[error("{found} {what} were found and {expected} expected: give one for each")]
    Lengths {
        /// What was counted.
        what: &'static str,
        /// How many were found.
        found: usize,
        /// How many were expected.
        expected: usize,
    },
    /// One sequence is longer or shorter than the one that was expected.
    #[error(
        "sequence {sequence} has {found} tokens, and {expected} were expected: give one for each"
    )]
    SequenceLengths {
        /// Index of the sequence, from 0.
        sequence: usize,
        /// Length of the sequence that was found.
        found: usize,
        /// Length of the sequence that was expected.
        expected: usize,
    },
    /// A sentence cannot be compared with anything.
    #[error("sentence {sentence} has no reference: give at least one")]
    NoReference {
        /// Index of the sentence, from 0.
        sentence: usize,
    },
    /// A tag is not in the IOB2 scheme.
    #[error("tag {tag:?} of word {word} in sentence {sentence} is none of O, B-TYPE and I-TYPE")]
    UnknownTag {
        /// Index of the sentence, from 0.
        sentence: usize,
        /// Index of the word, from 0.
        word: usize,
        /// The tag.
        tag: String,
    },
    /// Smoothing by this makes no precision.
    #[error("smoothing adds {value} matches: a finite number of 0 or more is needed")]
    Smoothing {
        /// What was to be added.
        value: f64,
    },
    /// The loss is not a number that a score can be computed from.
    #[error(
        "the loss is {nats}: only finite losses of 0 or more have a score; did the run diverge?"
    )]
    Loss {
        /// The loss, in nats.
        nats: f64,
    },
}

/// Whether `A` and `a` are the same letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// They differ.
    #[default]
    Mixed,
    /// Texts are brought to lower case first.
    Lower,
}

impl Case {
    /// The word for it in sacreBLEU's signatures.
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

/// One number of found for each expected, and at least one.
fn check_lengths(what: &'static str, found: usize, expected: usize) -> Result<(), ScoreError> {
    if found != expected {
        return Err(ScoreError::Lengths { what, found, expected });
    }
    if found == 0 {
        return Err(ScoreError::Empty { what });
    }
    Ok(())
}

/// How many references there are, as sacreBLEU's signatures say it.
fn references_signature<S>(references: &[Vec<S>]) -> String {
    let count = references.first().map_or(0, Vec::len);
    if references.iter().all(|several| several.len() == count) {
        count.to_string()
    } else {
        "var".to_owned()
    }
}

/// Every sentence has its references.
fn check_references<H, R>(hypotheses: &[H], references: &[Vec<R>]) -> Result<(), ScoreError> {
    check_lengths("sentences", hypotheses.len(), references.len())?;
    match references.iter().position(Vec::is_empty) {
        Some(sentence) => Err(ScoreError::NoReference { sentence }),
        None => Ok(()),
    }
}
