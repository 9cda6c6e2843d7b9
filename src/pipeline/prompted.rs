//! Texts with the prompt of an embedding model.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use thiserror::Error;

use crate::datasets::tokenizer::{Encoding, TextEncoder, Tokenizer, TokenizerError};

/// The prompt that is prepended to each text before it is embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt<'a> {
    /// The model's default prompt, if it has one.
    Default,
    /// One of the model's prompts, by name.
    Named(&'a str),
    /// A literal prompt; the empty string means no prompt.
    Text(&'a str),
}

/// The prompts of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prompts {
    pub(super) named: BTreeMap<String, String>,
    pub(super) default: String,
}

/// Why a prompt cannot be used.
#[derive(Debug, Error)]
pub enum PromptError {
    /// The model has no prompt of this name.
    #[error("the model has no prompt named {name:?}; {}", prompts(.known))]
    Unknown {
        /// The name.
        name: String,
        /// The names of its prompts.
        known: Vec<String>,
    },
    /// The tokenizer rejects the prompt.
    #[error("the prompt: {0}")]
    Tokenizer(#[from] TokenizerError),
}

fn prompts(names: &[String]) -> String {
    match names {
        [] => "it has none".into(),
        _ => format!("its prompts are {}", names.join(", ")),
    }
}

/// An encoded prompt, ready to be prepended to texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyPrompt {
    text: String,
    /// The number of its tokens, including the special tokens before it.
    tokens: usize,
}

/// A tokenized text with its prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptedText {
    /// All tokens.
    pub encoding: Encoding,
    /// The number of prompt tokens, including the special tokens before the prompt.
    pub prompt_tokens: usize,
}

impl Borrow<Encoding> for PromptedText {
    fn borrow(&self) -> &Encoding {
        &self.encoding
    }
}

impl PromptedText {
    /// A tokenized text without a prompt.
    pub fn of_ids(ids: Vec<u32>) -> Self {
        Self { encoding: Encoding::of_ids(ids), prompt_tokens: 0 }
    }
}

/// Encodes texts to the input tokens of an embedding model.
#[derive(Debug, Clone)]
pub struct PromptEncoder {
    pub(super) tokenizer: Tokenizer,
    pub(super) encoder: TextEncoder,
    pub(super) prompts: Prompts,
}

impl PromptEncoder {
    /// The maximum length of a text, including the prompt and special tokens; longer texts are
    /// truncated.
    pub fn max_length(&self) -> usize {
        self.encoder.max_length()
    }

    /// The names of the model's prompts.
    pub fn prompts(&self) -> impl Iterator<Item = &str> {
        self.prompts.named.keys().map(String::as_str)
    }

    /// Prepares a prompt.
    ///
    /// # Errors
    ///
    /// A prompt name that the model does not define; text that the tokenizer rejects.
    pub fn prompt(&self, prompt: Prompt<'_>) -> Result<ReadyPrompt, PromptError> {
        let text = match prompt {
            Prompt::Default => self.prompts.default.as_str(),
            Prompt::Text(text) => text,
            Prompt::Named(name) => self.prompts.named.get(name).ok_or_else(|| {
                let known = self.prompts.named.keys().cloned().collect();
                PromptError::Unknown { name: name.to_string(), known }
            })?,
        };
        let text = text.to_string();
        if text.is_empty() {
            return Ok(ReadyPrompt { text, tokens: 0 });
        }
        // Tokenized separately, as in the reference; the final special token does not belong to the
        // prompt.
        let ids = self.encoder.encode(&text)?.ids;
        let ends = ids.last().is_some_and(|&last| self.tokenizer.is_special(last));
        Ok(ReadyPrompt { text, tokens: ids.len() - usize::from(ends) })
    }

    /// Encodes a text after a prompt. Texts that are too long are truncated at the end.
    ///
    /// # Errors
    ///
    /// See [`TextEncoder::encode`].
    pub fn encode(&self, text: &str, prompt: &ReadyPrompt) -> Result<PromptedText, TokenizerError> {
        let encoding = match prompt.text.as_str() {
            "" => self.encoder.encode(text)?,
            prompt => self.encoder.encode(&format!("{prompt}{text}"))?,
        };
        Ok(PromptedText { encoding, prompt_tokens: prompt.tokens })
    }
}
