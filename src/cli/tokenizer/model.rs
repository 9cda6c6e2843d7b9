//! The tokenizer that a command uses.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::super::model::model_folder;
use super::super::{Global, usage};
use crate::datasets::tokenizer::{Tokenizer, TokenizerError};

/// The tokenizer argument.
#[derive(Args)]
pub(super) struct TokenizerArg {
    /// A directory with a tokenizer, such as a model's, a tokenizer.json, or a model on the Hub
    #[arg(value_name = "MODEL")]
    model: PathBuf,
}

impl TokenizerArg {
    /// Loads the tokenizer; downloads files that are not cached.
    pub(super) fn load(&self, global: &Global) -> Result<Tokenizer> {
        let path = model_folder(global, &self.model)?;
        Tokenizer::load(&path).map_err(|error| match error {
            TokenizerError::NoFiles { .. } | TokenizerError::Missing { .. } => usage(error),
            other => other.into(),
        })
    }
}
