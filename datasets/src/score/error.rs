//! Errors of scores.

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
    /// A tag is in no scheme of entities.
    #[error(
        "tag {tag:?} of word {word} in sentence {sentence} is neither O nor B, I, E, S, L or U, \
         alone or with a type as in B-TYPE"
    )]
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
