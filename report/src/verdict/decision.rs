//! What a verdict says.

/// The verdict on a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The kind of verdict.
    pub decision: Decision,
    /// The complete candidate with the best mean, and those that no test separates from it.
    pub leaders: Vec<String>,
    /// The verdict as a heading.
    pub heading: String,
    /// The numbers and the limitations of the verdict, one or two sentences each.
    pub text: Vec<String>,
}

/// The kind of verdict on a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// One architecture is significantly ahead of all others.
    Winner,
    /// The tests do not separate the leading architectures.
    Tie,
    /// The leading architectures could not be tested.
    Untested,
    /// There is only one architecture to rank.
    Alone,
    /// No architecture finished all its runs above chance.
    Nothing,
}
