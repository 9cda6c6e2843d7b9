//! Tokenized prompts.

use super::chat::Turn;

/// The tokens of a prompt, with the start of the text that the completion continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptTokens {
    /// Token IDs, including special tokens.
    pub ids: Vec<u32>,
    /// The index of the first token of the continued text. Decoders treat the first token of a text
    /// differently: Metaspace strips its leading space, which must not happen inside a sentence.
    pub continued: usize,
}

impl From<Vec<u32>> for PromptTokens {
    /// The prompt and its completion are one text.
    fn from(ids: Vec<u32>) -> Self {
        Self { ids, continued: 0 }
    }
}

impl PromptTokens {
    /// A chat prompt. The assistant's answer is decoded as a separate text, as in transformers; if
    /// the turn is the last author's, its message is continued.
    pub fn chat(ids: Vec<u32>, turn: Turn) -> Self {
        match turn {
            Turn::Assistant | Turn::Nobody => Self { continued: ids.len(), ids },
            Turn::LastSpeaker => ids.into(),
        }
    }

    /// The tokens that the completion continues.
    pub(crate) fn context(&self) -> &[u32] {
        &self.ids[self.continued.min(self.ids.len())..]
    }
}
