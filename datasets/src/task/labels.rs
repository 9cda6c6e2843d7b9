//! Labels.

/// The meaning of label indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Labels are tokens: label 7 is token 7.
    Tokens,
    /// Labels have their own names.
    Names(Vec<String>),
}
