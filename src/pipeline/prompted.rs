//! Texts with the prompt that an embedder wants before them.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use thiserror::Error;

use crate::datasets::tokenizer::{Encoding, TextEncoder, Tokenizer, TokenizerError};

/// What stands before each text that is embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt<'a> {
    /// The model's default prompt; nothing where it has none.
    Default,
    /// One of the model's prompts, by its name.
    Named(&'a str),
    /// A text; the empty one stands for no prompt.
    Text(&'a str),
}

/// The prompts of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prompts {
    pub(super) named: BTreeMap<String, String>,
    pub(super) default: String,
}

/// Why there is no such prompt.
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
    /// The tokenizer cannot read the prompt.
    #[error("the prompt: {0}")]
    Tokenizer(#[from] TokenizerError),
}

fn prompts(names: &[String]) -> String {
    match names {
        [] => "it has none".into(),
        _ => format!("its prompts are {}", names.join(", ")),
    }
}

/// A prompt that is ready to be put before texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyPrompt {
    text: String,
    /// Its tokens, and the special ones before it.
    tokens: usize,
}

/// A text with its prompt, as tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptedText {
    /// All tokens.
    pub encoding: Encoding,
    /// How many of them are the prompt's, with the special ones before it.
    pub prompt_tokens: usize,
}

impl Borrow<Encoding> for PromptedText {
    fn borrow(&self) -> &Encoding {
        &self.encoding
    }
}

impl PromptedText {
    /// A text that is tokens already, with no prompt.
    pub fn of_ids(ids: Vec<u32>) -> Self {
        Self { encoding: Encoding::of_ids(ids), prompt_tokens: 0 }
    }
}

/// Turns texts into the tokens that an embedder reads.
#[derive(Debug, Clone)]
pub struct PromptEncoder {
    pub(super) tokenizer: Tokenizer,
    pub(super) encoder: TextEncoder,
    pub(super) prompts: Prompts,
}

impl PromptEncoder {
    /// The longest text that is read whole, prompt and special tokens included.
    pub fn max_length(&self) -> usize {
        self.encoder.max_length()
    }

    /// The names of the model's prompts.
    pub fn prompts(&self) -> impl Iterator<Item = &str> {
        self.prompts.named.keys().map(String::as_str)
    }

    /// Makes a prompt ready.
    ///
    /// # Errors
    ///
    /// A name that the model does not have; a text that the tokenizer cannot read.
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
        // Read by itself, as the reference does; the token that ends a text is not the prompt's.
        let ids = self.encoder.encode(&text)?.ids;
        let ends = ids.last().is_some_and(|&last| self.tokenizer.is_special(last));
        Ok(ReadyPrompt { text, tokens: ids.len() - usize::from(ends) })
    }

    /// The tokens of a text with a prompt before it. The end of one that is too long is cut off.
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
