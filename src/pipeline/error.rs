//! What can be wrong with a pipeline.

use std::path::PathBuf;

use thiserror::Error;

use crate::datasets::tokenizer::TokenizerError;
use crate::models::pretrained::LoadError;
use crate::models::wire::config::ConfigError;

/// Why a pipeline gives no answer.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The model cannot be loaded.
    #[error(transparent)]
    Model(#[from] LoadError),
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
    /// What was asked for makes no sense, whatever the texts are.
    #[error("{0}")]
    Asked(String),
    /// One of the texts has no answer; the others may have.
    #[error("text {}: {source}", .index + 1)]
    Text {
        /// Which of the texts, from 0 on.
        index: usize,
        /// What is wrong with it.
        source: TextError,
    },
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
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
    /// There is nothing in it.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// Nothing in it is to be filled in.
    #[error("there is no {mask} in the text; write {mask} where a word is to be found")]
    NoMask {
        /// What a mask is written as.
        mask: String,
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
