//! Errors of chat templates.

use thiserror::Error;

/// Why a chat cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChatError {
    /// There are no messages.
    #[error("the chat has no messages")]
    Empty,
    /// The template raised an exception.
    #[error("the model's chat template rejects these messages: {0}")]
    Refused(String),
    /// A reserved variable of the template.
    #[error(
        "{0} cannot be set as a variable of the chat template: the messages and the turn have their \
         own parameters"
    )]
    Reserved(String),
    /// Rendering the template failed.
    #[error("the model's chat template fails on these messages: {0}")]
    Failed(String),
}
