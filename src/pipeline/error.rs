//! What can be wrong with a pipeline.

use std::path::PathBuf;

use serde_json::Value;
use thiserror::Error;

use super::chat::ChatError;
use super::prompted::PromptError;
use crate::datasets::tokenizer::TokenizerError;
use crate::models::checkpoint::LoadError;
use crate::models::generate::{GenerateError, OptionsError};
use crate::models::hf::config::ConfigError;

/// Why a pipeline gives no answer.
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
    /// A file beside the model cannot be followed.
    #[error("{}: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A field of a file beside the model cannot be followed.
    #[error("{}: {field} is {value}: {reason}", .path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The field, with dots between the parts of its place.
        field: String,
        /// Its value.
        value: Value,
        /// Why it cannot be followed, and what can.
        reason: String,
    },
    /// There is no such prompt.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// What was asked for makes no sense, whatever the texts are.
    #[error("{0}")]
    InvalidRequest(String),
    /// One of the texts has no answer; the others may have.
    #[error("text {}: {source}", .index + 1)]
    Text {
        /// Which of the texts, from 0 on.
        index: usize,
        /// What is wrong with it.
        source: TextError,
    },
    /// No text can be written.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// Nothing to continue, and no token that a text begins or ends with.
    #[error("the prompt is empty, and the model has no token that begins a text")]
    EmptyPrompt,
    /// A model that does not chat.
    #[error("the model has no chat template, so it does not chat; it continues texts")]
    NoChat,
    /// Messages that the model's chat template does not take.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// Pieces of texts that come all at once.
    #[error("beams are not followed one after the other; a stream is of one text, without beams")]
    BeamStream,
    /// A model of several languages that was told none.
    #[error(
        "the model knows several languages; say which one the texts are in and which one they are to \
         be in: {}", .0.join(", ")
    )]
    Languages(Vec<String>),
    /// A language that the model does not have.
    #[error("{name:?} is not one of the model's languages{}", languages(.known))]
    Language {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
}

/// A checkpoint with another head than the one that is needed is not broken.
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

/// Why a text has no answer.
#[derive(Debug, Error)]
pub enum TextError {
    /// The tokenizer cannot read it.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The tokenizer has tokens that the model does not know.
    #[error("the tokenizer gives token id {id}, and the model has {vocab_size} tokens")]
    Vocabulary {
        /// The id.
        id: u32,
        /// The size of the model's vocabulary.
        vocab_size: usize,
    },
    /// The model cannot continue it.
    #[error(transparent)]
    Prompt(#[from] GenerateError),
    /// The model's chat template does not take it.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// There is nothing in it.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// Nothing in it is to be filled in.
    #[error("there is no {mask} in the text; write {mask} where a word is to be found")]
    NoMask {
        /// What a mask is written as.
        mask: String,
    },
    /// A classifier reads the state of the token that ends a text.
    #[error(
        "the tokenizer gives the text no token {end}, where the model reads (eos_token_id in \
         config.json)"
    )]
    NoEnd {
        /// The token's id.
        end: u32,
    },
    /// What is to be filled in lies in the part that the model does not read.
    #[error("the {mask} lies beyond the first {max_length} tokens, which are all that is read")]
    MaskIsCut {
        /// What a mask is written as.
        mask: String,
        /// The longest text in tokens.
        max_length: usize,
    },
}

impl PipelineError {
    /// The error as that of one of several texts, where it is the text's fault.
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

/// The languages that there are, as the end of a sentence.
fn languages(known: &[String]) -> String {
    match known {
        [] => ": it has no tokens for languages".into(),
        _ => format!(": they are {}", known.join(", ")),
    }
}
