//! Chats: generates the assistant's next message.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{TextGeneration, WrittenText};
use crate::pipeline::chat::{ChatMessage, Turn};
use crate::pipeline::{PipelineError, PromptTokens};

impl TextGeneration {
    /// The assistant's next message in each chat, in order. If the last message is the assistant's,
    /// it is continued. `done` is called with the number of finished chats.
    ///
    /// # Errors
    ///
    /// A model without a chat template, or whose template rejects the messages; and as for
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
    /// A model without a chat template; a reserved variable.
    pub fn set_chat_template_kwargs(
        &mut self,
        kwargs: Map<String, Value>,
    ) -> Result<(), PipelineError> {
        let template = self.processor.chat.take().ok_or(PipelineError::NoChat)?;
        self.processor.chat = Some(template.with_kwargs(kwargs)?);
        Ok(())
    }

    /// Encodes a chat with the model's chat template. A message is any type that serializes to an
    /// object with a `role`.
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
        // The template contains the special tokens itself.
        let tokenizer = &self.processor.tokenizer;
        Ok(PromptTokens::chat(tokenizer.encode(&template.render(messages, turn)?)?, turn))
    }
}

/// The assistant's turn, or a continuation of its last message.
fn turn_after(chat: &[ChatMessage]) -> Turn {
    match chat.last() {
        Some(message) if message.role == "assistant" => Turn::LastSpeaker,
        _ => Turn::Assistant,
    }
}
