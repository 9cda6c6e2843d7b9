//! Chat templates: render the messages of a chat to the prompt of a model.

mod builtins;
mod error;
mod files;
mod message;
mod python;
mod template;

pub use error::ChatError;
pub use message::{ChatMessage, Turn};
pub use template::ChatTemplate;
