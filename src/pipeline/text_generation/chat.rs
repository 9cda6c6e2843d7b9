//! Chats: the next message of the assistant.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{TextGeneration, WrittenText};
use crate::pipeline::chat::{ChatMessage, Turn};
use crate::pipeline::{PipelineError, PromptTokens};

impl TextGeneration {
    /// The assistant's next message in each chat, in their order. Where the assistant spoke last, its
    /// message goes on. `done` hears how many are ready.
    ///
    /// # Errors
    ///
    /// A model without a chat template, or whose template refuses the messages; and as for
    /// [`TextGeneration::write`].
    pub fn reply(
        &self,
        chats: &[Vec<ChatMessage>],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<WrittenText>>, PipelineError> {
        let prompts = chats.iter().map(|chat| self.encode_chat(chat, turn_after(chat)));
        self.write_tokens(prompts.collect::<Result<Vec<PromptTokens>, _>>()?, done)
    }

    /// Sets variables of the model's chat template, such as `{"enable_thinking": false}`.
    ///
    /// # Errors
    ///
    /// A model without a chat template; a variable that is not free to be set.
    pub fn set_chat_template_kwargs(
        &mut self,
        kwargs: Map<String, Value>,
    ) -> Result<(), PipelineError> {
        let template = self.processor.chat.take().ok_or(PipelineError::NoChat)?;
        self.processor.chat = Some(template.with_kwargs(kwargs)?);
        Ok(())
    }

    /// A chat's tokens, as the model's chat template writes it down. A message is anything that
    /// serializes to an object with a `role`.
    ///
    /// # Errors
    ///
    /// As for [`TextGeneration::reply`].
    pub fn encode_chat(
        &self,
        messages: &[impl Serialize],
        turn: Turn,
    ) -> Result<PromptTokens, PipelineError> {
        let template = self.processor.chat.as_ref().ok_or(PipelineError::NoChat)?;
        // The template writes the special tokens itself.
        let tokenizer = &self.processor.tokenizer;
        Ok(PromptTokens::chat(tokenizer.encode(&template.render(messages, turn)?)?, turn))
    }
}

/// The assistant's turn, or that of going on.
fn turn_after(chat: &[ChatMessage]) -> Turn {
    match chat.last() {
        Some(message) if message.role == "assistant" => Turn::LastSpeaker,
        _ => Turn::Assistant,
    }
}
