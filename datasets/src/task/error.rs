//! Errors of building a task.

use crate::locate::LocateError;
use crate::records::FileError;
use crate::text::TextError;
use crate::tokenizer::TokenizerError;
use std::fmt;
use std::ops::RangeInclusive;

/// No task has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown task {name:?}{}; there are {known}", hint(*near))]
pub struct UnknownTask {
    /// The requested name.
    pub name: String,
    /// The closest known name, if the request is probably a misspelling of it.
    pub near: Option<&'static str>,
    /// The names of all tasks.
    pub known: String,
}

/// Why a task could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// No task has this name.
    #[error(transparent)]
    Unknown(#[from] UnknownTask),
    /// The task has no parameter with this name.
    #[error("the task {task} has no parameter {parameter:?}{}; it has {known}", hint(*near))]
    UnknownParameter {
        /// The task.
        task: &'static str,
        /// The requested parameter.
        parameter: String,
        /// The closest known parameter, if the request is probably a misspelling of it.
        near: Option<&'static str>,
        /// Every parameter of the task.
        known: String,
    },
    /// The text is not a task specification.
    #[error(
        "{text:?} is not a task: {reason}; write NAME, or NAME:PARAMETER=VALUE,PARAMETER=VALUE"
    )]
    Syntax {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A parameter has a value of the wrong type.
    #[error("the task {task}: {reason}")]
    Value {
        /// The task.
        task: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A parameter's value is out of range.
    #[error("{parameter} is {value}, but must be {allowed}")]
    OutOfRange {
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        value: String,
        /// The allowed values.
        allowed: String,
    },
    /// The settings leave too few different examples.
    #[error(
        "only {found} of the {wanted} different examples for {split} could be sampled with these \
         settings; allow longer or more varied inputs, or request fewer examples"
    )]
    TooFew {
        /// `training`, `validation` or `test`.
        split: &'static str,
        /// The required number of examples.
        wanted: usize,
        /// The number of examples found.
        found: usize,
    },
    /// A text does not fill a window.
    #[error(
        "the {split} text has {characters} characters, but context={context} needs at least {}; \
         choose a smaller context, or provide more text", context.saturating_add(1)
    )]
    TooShort {
        /// `training`, `validation` or `test`.
        split: &'static str,
        /// Length of that split in characters.
        characters: usize,
        /// The requested context.
        context: usize,
    },
    /// The file of a published data set is unavailable.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// A text could not be loaded.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A tokenizer could not be built or failed.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The user's file is invalid.
    #[error(transparent)]
    File(#[from] FileError),
}

impl TaskError {
    /// Whether this is a usage error, which other settings would fix, rather than a bad file.
    pub fn is_usage(&self) -> bool {
        use TaskError::{OutOfRange, Syntax, TooFew, Unknown, UnknownParameter, Value};
        matches!(
            self,
            Unknown(_)
                | UnknownParameter { .. }
                | Syntax { .. }
                | Value { .. }
                | OutOfRange { .. }
                | TooFew { .. }
        )
    }
}

fn hint(near: Option<&str>) -> String {
    near.map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default()
}

/// Checks that a parameter lies within its range.
///
/// # Errors
///
/// [`TaskError::OutOfRange`], which names the range.
pub(super) fn check<T: PartialOrd + fmt::Display>(
    parameter: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), TaskError> {
    if range.contains(&value) {
        return Ok(());
    }
    let allowed = format!("{} to {}", range.start(), range.end());
    Err(TaskError::OutOfRange { parameter, value: value.to_string(), allowed })
}

/// The error for a missing `file` parameter.
pub(super) fn no_file() -> TaskError {
    let allowed = "the path of a file, file=PATH".to_owned();
    TaskError::OutOfRange { parameter: "file", value: "not given".to_owned(), allowed }
}
