//! A model to train further with a larger vocabulary.

use std::path::PathBuf;

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;

use super::super::{Global, usage};
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::{ModelSpec, Pretrained, resize_vocabulary};

/// How the vocabulary of a model grows.
#[derive(Args)]
pub(super) struct GrowthArgs {
    /// With --init-from, tokens to add to the tokenizer and the model: a file with one per line, or
    /// separated by commas
    #[arg(long, value_name = "FILE|TOKENS", help_heading = "Model", requires = "init_from")]
    add_tokens: Option<String>,
    /// With --init-from, resize the model's embedding to a multiple of N tokens
    #[arg(long, value_name = "N", help_heading = "Model", requires = "init_from")]
    pad_to_multiple_of: Option<usize>,
}

impl GrowthArgs {
    /// Whether the vocabulary stays as it is.
    pub(super) fn is_none(&self) -> bool {
        self.add_tokens.is_none() && self.pad_to_multiple_of.is_none()
    }

    /// The tokenizer with the added tokens.
    pub(super) fn tokenizer(&self, global: &Global, tokenizer: Tokenizer) -> Result<Tokenizer> {
        let tokens = self.tokens()?;
        if tokens.is_empty() {
            return Ok(tokenizer);
        }
        let grown = tokenizer.with_added_tokens(&tokens).map_err(usage)?;
        let is_known = |token: &&String| tokenizer.id(token).is_some();
        let known: Vec<String> =
            tokens.iter().filter(is_known).map(|token| format!("{token:?}")).collect();
        if !known.is_empty() {
            global.note(&format!("--add-tokens: already in the vocabulary: {}", known.join(", ")));
        }
        Ok(grown)
    }

    /// The model with room for the tokens of a tokenizer.
    pub(super) fn model(
        &self,
        global: &Global,
        loaded: Pretrained,
        tokenizer: &Tokenizer,
        device: &Device,
    ) -> Result<Pretrained> {
        let known = loaded.spec.architecture.backbone.vocab_size();
        let multiple = self.pad_to_multiple_of.unwrap_or(1);
        let size = known.max(tokenizer.vocab_size()).checked_next_multiple_of(multiple);
        let size = size.ok_or_else(|| {
            usage(format!("--pad-to-multiple-of is {multiple}; give a number such as 64"))
        })?;
        if self.is_none() || size == known {
            return Ok(loaded);
        }
        global.note(&format!("the vocabulary of the model grows from {known} to {size} tokens"));
        resize_vocabulary(loaded, size, global.seed(), device).map_err(usage)
    }

    fn tokens(&self) -> Result<Vec<String>> {
        let Some(text) = &self.add_tokens else { return Ok(Vec::new()) };
        let path = PathBuf::from(text);
        let tokens: Vec<String> = match path.is_file() {
            true => {
                let content = std::fs::read_to_string(&path);
                let content = content.map_err(|error| {
                    usage(format!("--add-tokens: cannot read {}: {error}", path.display()))
                })?;
                let lines = content.lines().map(|line| line.trim_end_matches('\r').to_owned());
                lines.filter(|line| !line.trim().is_empty()).collect()
            }
            false => text.split(',').filter(|token| !token.is_empty()).map(str::to_owned).collect(),
        };
        match tokens.is_empty() {
            true => Err(usage(format!("--add-tokens: {text:?} has no token"))),
            false => Ok(tokens),
        }
    }
}

/// The initial model of a run, whose vocabulary may have grown.
pub(super) fn as_large(
    loaded: Pretrained,
    spec: &ModelSpec,
    seed: u64,
    device: &Device,
) -> Result<Pretrained> {
    let size = spec.architecture.backbone.vocab_size();
    match size > loaded.spec.architecture.backbone.vocab_size() {
        true => Ok(resize_vocabulary(loaded, size, seed, device)?),
        false => Ok(loaded),
    }
}
