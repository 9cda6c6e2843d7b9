//! The messages of a chat.

use minijinja::Value;
use serde::Serialize;

/// A chat message. Any other type that serializes to an object with a `role` works as well.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ChatMessage {
    /// The role of the author, such as `user`.
    pub role: String,
    /// The text of the message.
    pub content: Option<String>,
    /// The name of the author.
    pub name: Option<String>,
    /// The ID of the tool call that this message is the result of.
    pub tool_call_id: Option<String>,
    /// The assistant's reasoning before the message; templates also call it `thinking`.
    pub reasoning_content: Option<String>,
    /// The assistant's tool calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Value>,
}

impl ChatMessage {
    /// Creates a message from its role and content.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: Some(content.into()), ..Self::default() }
    }
}

/// Whose turn it is after the last message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The assistant's: the prompt ends with the start of its message (`add_generation_prompt`).
    Assistant,
    /// Nobody's: the prompt ends after the last message.
    Nobody,
    /// The last author's: the prompt ends inside the last message, which is continued
    /// (`continue_final_message`).
    LastSpeaker,
}
