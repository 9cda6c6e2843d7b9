//! What a task requires of a model.

/// The kind of prediction that a task requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// Predict the next token at each position from the tokens up to it.
    Language,
    /// Predict the masked or replaced tokens from all others.
    Masked,
    /// Predict one label for the whole input.
    Classification,
    /// Predict a label at some or all positions of the input.
    Tagging(Context),
    /// Generate an output sequence.
    Transduction,
}

/// The context that determines a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// The position and those before it suffice: a causal model tags in place.
    Causal,
    /// Later positions matter too.
    Bidirectional,
}
