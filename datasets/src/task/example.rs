//! Examples: inputs and targets.

/// An input and its target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Example {
    /// Tokens, at least one of them; none is padding.
    pub input: Vec<u32>,
    /// The target.
    pub target: Target,
}

/// The target of an [`Example`]; labels are indices into [`Labels`](super::Labels), from 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The label of the input.
    Class(u32),
    /// A label for each position of the input; `None` for positions without a target. In language
    /// and masked modeling the labels are tokens.
    Tags(Vec<Option<u32>>),
    /// Tokens, without an end token.
    Sequence(Vec<u32>),
}

impl Target {
    /// The labels or tokens of the target, in order.
    pub fn ids(&self) -> Vec<u32> {
        match self {
            Self::Class(label) => vec![*label],
            Self::Tags(tags) => tags.iter().copied().flatten().collect(),
            Self::Sequence(tokens) => tokens.clone(),
        }
    }
}

/// The longest sequences of a task, in tokens, without special tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lengths {
    /// The longest input, over all splits.
    pub input: usize,
    /// The longest [`Target::Sequence`]; 0 if targets are labels.
    pub target: usize,
}
