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
    /// A label id has no name.
    #[error("example {example} has label {label}, but there are only {labels} labels, from 0")]
    UnknownLabel {
        /// Index of the example, from 0.
        example: usize,
        /// The label id.
        label: u32,
        /// The number of labels.
        labels: usize,
    },
    /// A value is NaN or infinite.
    #[error("{what} {index} is {value}: a finite number is needed")]
    NotFinite {
        /// The kind of value.
        what: &'static str,
        /// Index of the value, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// The result exceeds the largest f64.
    #[error("the {what} exceeds the largest 64-bit number: rescale the values")]
    Overflow {
        /// The score.
        what: &'static str,
    },
    /// There are too few items for the score to be defined.
    #[error("the number of {what} is {found}, and at least {needed} are needed")]
    TooFew {
        /// The counted items.
        what: &'static str,
        /// The number given.
        found: usize,
        /// The smallest number for which the score is defined.
        needed: usize,
    },
    /// A correlation with constant values is undefined.
    #[error("all {what} are equal: their correlation with others is undefined")]
    Constant {
        /// The values.
        what: &'static str,
    },
    /// A question has no right answer.
    #[error("question {question} has no answer: only SQuAD 2.0 has unanswerable questions")]
    NoAnswer {
        /// Index of the question, from 0.
        question: usize,
    },
    /// A ranked list has the same document twice.
    #[error("query {query} has the document of rank {rank} at an earlier rank too")]
    RepeatedDocument {
        /// Index of the query, from 0.
        query: usize,
        /// The later rank, from 1.
        rank: usize,
    },
    /// A cutoff is 0.
    #[error("a cutoff is 0: the smallest is 1, the first rank")]
    ZeroCutoff,
    /// A confidence level is not between 0 and 1.
    #[error("the confidence level is {level}: a number between 0 and 1 is needed, such as 0.95")]
    ConfidenceLevel {
        /// The level.
        level: f64,
    },
}
