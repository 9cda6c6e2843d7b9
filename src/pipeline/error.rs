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
    /// The tokenizer has tokens that the model does not know.
    #[error("the tokenizer gives token id {id}, and the model has {vocab_size} tokens")]
    Vocabulary {
        /// The id.
        id: u32,
        /// The size of the model's vocabulary.
        vocab_size: usize,
    },
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
}
