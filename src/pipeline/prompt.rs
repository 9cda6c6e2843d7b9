//! Prompts as tokens.

use super::chat::Turn;

/// The tokens of a prompt, and which of them the text after it continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptTokens {
    /// Token ids, special tokens included.
    pub ids: Vec<u32>,
    /// The first of the ids that the text continues. Decoders treat the first token of a text
    /// differently: Metaspace takes its space away, which must not happen within a sentence.
    pub continued: usize,
}

impl From<Vec<u32>> for PromptTokens {
    /// A text that is continued: prompt and completion are one text.
    fn from(ids: Vec<u32>) -> Self {
        Self { ids, continued: 0 }
    }
}

impl PromptTokens {
    /// A chat. The assistant's answer is a text of its own, as in transformers; where the last speaker
    /// goes on, its message is continued.
    pub fn chat(ids: Vec<u32>, turn: Turn) -> Self {
        match turn {
            Turn::Assistant | Turn::Nobody => Self { continued: ids.len(), ids },
            Turn::LastSpeaker => ids.into(),
        }
    }

    /// The ids that the text continues.
    pub(crate) fn context(&self) -> &[u32] {
        &self.ids[self.continued.min(self.ids.len())..]
    }
}
