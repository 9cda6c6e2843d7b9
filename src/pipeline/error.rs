//! Errors of pipelines.

use std::path::PathBuf;

use serde_json::Value;
use thiserror::Error;

use super::chat::ChatError;
use super::prompted::PromptError;
use crate::datasets::tokenizer::{TokenizerError, UnknownLanguage};
use crate::models::checkpoint::LoadError;
use crate::models::generate::{GenerateError, OptionsError};
use crate::models::hf::config::ConfigError;

/// Why a pipeline fails.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The model cannot be loaded.
    #[error(transparent)]
    Model(LoadError),
    /// The model has another head.
    #[error(transparent)]
    Head(#[from] ConfigError),
    /// The tokenizer cannot be loaded or used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// A file of the model directory is invalid or unsupported.
    #[error("{}: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A field in a file of the model directory is invalid or unsupported.
    #[error("{}: {field} is {value}: {reason}", .path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The path of the field, separated by dots.
        field: String,
        /// Its value.
        value: Value,
        /// Why it is not supported, and which values are.
        reason: String,
    },
    /// The prompt does not exist.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The request is invalid, independent of the texts.
    #[error("{0}")]
    InvalidRequest(String),
    /// One of the texts fails; the others may succeed.
    #[error("text {}: {source}", .index + 1)]
    Text {
        /// The index of the text, from 0.
        index: usize,
        /// What is wrong with it.
        source: TextError,
    },
    /// Generation fails.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The prompt is empty, and the model has no BOS or EOS token to start from.
    #[error("the prompt is empty, and the model has no token that starts a text")]
    EmptyPrompt,
    /// The model has no chat template.
    #[error("the model has no chat template, so it cannot chat; it can only continue text")]
    NoChat,
    /// The model's chat template rejects the messages.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// Streaming with beam search.
    #[error("streaming does not support beam search; it generates one text without beams")]
    BeamStream,
    /// A multilingual model without a source or target language.
    #[error(
        "the model is multilingual; specify the source and the target language of the texts: {}",
        .0.join(", ")
    )]
    Languages(Vec<String>),
    /// The model does not support the language.
    #[error(transparent)]
    Language(#[from] UnknownLanguage),
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
}

/// A checkpoint with another head than the required one is not corrupt.
impl From<LoadError> for PipelineError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Config { source: source @ ConfigError::WrongHead { .. }, .. } => {
                Self::Head(source)
            }
            error => Self::Model(error),
        }
    }
}

/// Why one text fails.
#[derive(Debug, Error)]
pub enum TextError {
    /// The tokenizer rejects it.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The tokenizer produces tokens outside the model's vocabulary.
    #[error("the tokenizer produced token ID {id}, but the model has {vocab_size} tokens")]
    Vocabulary {
        /// The ID.
        id: u32,
        /// The size of the model's vocabulary.
        vocab_size: usize,
    },
    /// The model cannot continue it.
    #[error(transparent)]
    Prompt(#[from] GenerateError),
    /// The model's chat template rejects it.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// It is empty.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// It has no mask to fill.
    #[error("the text contains no {mask}; write {mask} at the position of the missing word")]
    NoMask {
        /// The text of the mask token.
        mask: String,
    },
    /// The hidden state of the final token, which the classifier uses, is missing.
    #[error(
        "the tokenizer adds no token {end} to the text, but the model classifies at it (eos_token_id \
         in config.json)"
    )]
    NoEnd {
        /// The token's ID.
        end: u32,
    },
    /// The mask lies in the truncated part of the text.
    #[error("the {mask} is beyond the maximum length of {max_length} tokens")]
    MaskIsCut {
        /// The text of the mask token.
        mask: String,
        /// The maximum length in tokens.
        max_length: usize,
    },
}

impl PipelineError {
    /// Attributes the error to one of several texts if the text caused it.
    pub(crate) fn of_text(self, index: usize) -> Self {
        match self {
            Self::Tokenizer(error) => Self::Text { index, source: error.into() },
            Self::Generate(error) if error.is_of_prompt() => {
                Self::Text { index, source: error.into() }
            }
            Self::Chat(error) => Self::Text { index, source: error.into() },
            Self::EmptyPrompt => Self::Text { index, source: TextError::Empty("prompt") },
            error => error,
        }
    }
}

impl From<OptionsError> for PipelineError {
    fn from(error: OptionsError) -> Self {
        Self::Generate(error.into())
    }
}
