//! The chat fields of a request.

use serde_json::{Map, Value};

use super::error::ApiError;
use super::fields::{Fields, wrong};
use super::messages::{self, Message};
use crate::pipeline::chat::{ChatError, ChatTemplate, Turn};

/// The field with variables of the chat template.
const KWARGS: &str = "chat_template_kwargs";

/// A chat to continue.
#[derive(Debug)]
pub(super) struct Chat {
    messages: Vec<Message>,
    pub(super) turn: Turn,
    /// Additional template variables.
    kwargs: Map<String, Value>,
}

impl Chat {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, ApiError> {
        let messages = messages::read(fields.require("messages")?)?;
        let kwargs = match fields.take(KWARGS) {
            None => Map::new(),
            Some(Value::Object(kwargs)) => kwargs,
            Some(other) => return Err(wrong(KWARGS, "an object", &other)),
        };
        Ok(Self { messages, turn: turn(fields)?, kwargs })
    }

    /// Renders the prompt.
    pub(super) fn render(self, template: &ChatTemplate) -> Result<String, ApiError> {
        let failed = |error: ChatError| ApiError::field("messages", error.to_string());
        if self.kwargs.is_empty() {
            return template.render(&self.messages, self.turn).map_err(failed);
        }
        let template = template.clone().with_kwargs(self.kwargs).map_err(|error| match &error {
            ChatError::Reserved(name) => {
                ApiError::unsupported(format!("{KWARGS}.{name}"), format!("{KWARGS}: {error}"))
            }
            _ => ApiError::field(KWARGS, error.to_string()),
        })?;
        template.render(&self.messages, self.turn).map_err(failed)
    }
}

/// Whose turn it is after the last message.
fn turn(fields: &mut Fields) -> Result<Turn, ApiError> {
    let goes_on = fields.is_set("continue_final_message")?;
    match (goes_on, fields.flag("add_generation_prompt")?) {
        (false, None | Some(true)) => Ok(Turn::Assistant),
        (false, Some(false)) => Ok(Turn::Nobody),
        (true, None | Some(false)) => Ok(Turn::LastSpeaker),
        (true, Some(true)) => {
            let message = "the last message is continued or a new one starts: continue_final_message \
                           and add_generation_prompt cannot both be true";
            Err(ApiError::field("continue_final_message", message))
        }
    }
}

/// Reads the fields of function calling, which is not supported.
pub(super) fn without_functions(fields: &mut Fields) -> Result<(), ApiError> {
    for (list, choice) in [("tools", "tool_choice"), ("functions", "function_call")] {
        let has_functions = match fields.take(list) {
            None => false,
            Some(Value::Array(functions)) => !functions.is_empty(),
            Some(other) => return Err(wrong(list, "a list", &other)),
        };
        match fields.take(choice) {
            Some(Value::String(choice)) if choice == "none" => {}
            Some(Value::String(choice)) if choice == "auto" && !has_functions => {}
            None if !has_functions => {}
            Some(value) if value != "auto" => {
                let message = format!(
                    "{choice} is {value}, but function calling is not supported; it may be \"none\""
                );
                return Err(ApiError::unsupported(choice, message));
            }
            _ => {
                let message = format!(
                    "function calling is not supported; omit {list}, or set {choice} to \"none\""
                );
                return Err(ApiError::unsupported(list, message));
            }
        }
    }
    Ok(())
}
