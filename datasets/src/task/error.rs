//! Why a task could not be had.

use super::table::TASKS;
use super::user::FileError;
use crate::locate::LocateError;
use crate::text::TextError;
use crate::tokenizer::TokenizerError;
use std::fmt;
use std::ops::RangeInclusive;

/// No task has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no task is called {name:?}{}; there are {}", hint(*near),
    TASKS.iter().map(|info| info.name).collect::<Vec<_>>().join(", ")
)]
pub struct UnknownTask {
    /// What was asked for.
    pub name: String,
    /// The known name that it is most likely a misspelling of.
    pub near: Option<&'static str>,
}

/// Why a task could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// No task has this name.
    #[error(transparent)]
    Unknown(#[from] UnknownTask),
    /// A task has no such parameter.
    #[error("the task {task} has no parameter {parameter:?}{}; it has {known}", hint(*near))]
    UnknownParameter {
        /// The task.
        task: &'static str,
        /// What was asked for.
        parameter: String,
        /// The parameter that it is most likely a misspelling of.
        near: Option<&'static str>,
        /// Every parameter of the task.
        known: String,
    },
    /// The text is no choice of a task.
    #[error("{text:?} is no task: {reason}; write NAME, or NAME:PARAMETER=VALUE,PARAMETER=VALUE")]
    Syntax {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A parameter has a value of the wrong kind.
    #[error("the task {task}: {reason}")]
    Value {
        /// The task.
        task: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A parameter has a value that it cannot have.
    #[error("{parameter} is {value}, but must be {allowed}")]
    OutOfRange {
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// The settings leave too few different examples.
    #[error(
        "only {found} of the {wanted} different examples for {split} could be drawn with these \
         settings; allow longer or more varied inputs, or ask for fewer examples"
    )]
    TooFew {
        /// `training`, `validation` or `test`.
        split: &'static str,
        /// How many there should be.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// A text does not fill a window.
    #[error(
        "the {split} text has {characters} characters, but context={context} needs at least {}; \
         choose a smaller context, or give more text", context.saturating_add(1)
    )]
    TooShort {
        /// `training`, `validation` or `test`.
        split: &'static str,
        /// Characters of that part.
        characters: usize,
        /// The context asked for.
        context: usize,
    },
    /// The file of a known data set could not be had.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// A text could not be had.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A tokenizer could not be made.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The user's file does not say what it should.
    #[error(transparent)]
    File(#[from] FileError),
}

impl TaskError {
    /// Whether asking in another way would help, rather than mending a file.
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
