//! The tokenizer of a new model: trained on its texts, or a ready one.

use std::path::Path;

use anyhow::Result;

use super::super::model::model_folder;
use super::super::{Global, usage};
use crate::datasets::tokenizer::{Special, Tokenizer, Vocabulary};
use crate::models::families::Family;

/// The default size of a trained vocabulary.
const SIZE: usize = 8000;

/// A vocabulary to train, or a ready tokenizer.
pub(super) enum TokenizerChoice {
    New(Vocabulary),
    Ready(Box<Tokenizer>),
}

/// The default vocabulary of language modeling: that of BERT for encoders, which mask words.
pub(super) fn default_of_text(family: &Family) -> Vocabulary {
    match family.is_generative() {
        true => Vocabulary::Characters,
        false => Vocabulary::WordPiece(SIZE),
    }
}

/// The default vocabulary of a task.
pub(super) fn default_of_task(family: &Family) -> Vocabulary {
    match family.is_generative() {
        true => Vocabulary::Bpe(SIZE),
        false => Vocabulary::WordPiece(SIZE),
    }
}

impl TokenizerChoice {
    /// The choice of `--tokenizer`.
    pub(super) fn parse(global: &Global, flag: Option<&str>, default: Vocabulary) -> Result<Self> {
        let Some(flag) = flag else { return Ok(Self::New(default)) };
        let error = match flag.parse() {
            Ok(vocabulary) => return Ok(Self::New(vocabulary)),
            Err(error) => error,
        };
        let path = Path::new(flag);
        // A model on the Hub has an owner.
        if !path.exists() && !flag.contains('/') {
            return Err(usage(format!(
                "--tokenizer: {error}; or a tokenizer.json, or a directory with a tokenizer"
            )));
        }
        let tokenizer = Tokenizer::load(model_folder(global, path)?);
        Ok(Self::Ready(Box::new(
            tokenizer.map_err(|error| usage(format!("--tokenizer: {error}")))?,
        )))
    }

    /// The tokenizer, with the special tokens that the family needs.
    pub(super) fn build(
        self,
        family: &Family,
        train: impl FnOnce(Vocabulary) -> Result<Tokenizer>,
    ) -> Result<Tokenizer> {
        let tokenizer = match self {
            Self::New(vocabulary) => train(vocabulary)?,
            // Other names of the same roles, such as `<mask>`, are as good.
            Self::Ready(tokenizer) if tokenizer.special(Special::Mask).is_some() => {
                return Ok(*tokenizer);
            }
            Self::Ready(tokenizer) => *tokenizer,
        };
        match family.is_generative() {
            true => Ok(tokenizer),
            false => Ok(tokenizer.with_encoder_tokens()?),
        }
    }
}
