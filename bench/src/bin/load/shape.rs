//! The models to load.

use std::path::Path;

use anyhow::{Context, Result};
use burn_zoo::device;
use burn_zoo::models::checkpoint::{Files, ModelSpec, save};
use burn_zoo::models::families::{self, NamedSize};
use clap::ValueEnum;

/// A model of about half a gigabyte.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Shape {
    /// The smallest GPT-2.
    #[value(name = "gpt2-124m")]
    Gpt2,
    /// BERT base, with a masked language model head.
    #[value(name = "bert-base")]
    Bert,
    /// A Llama with the same number of layers and features.
    #[value(name = "llama-134m")]
    Llama,
}

impl Shape {
    /// Saves a model with random weights.
    pub(crate) fn save(self, folder: &Path) -> Result<()> {
        let (family, vocab_size, context) = match self {
            Self::Gpt2 => ("gpt2", 50_257, 1024),
            Self::Bert => ("bert", 30_522, 512),
            Self::Llama => ("llama", 32_000, 1024),
        };
        let small = NamedSize::find("small").context("a size of a name")?;
        let family = families::find(family)?;
        let sized = family.sized(&small.size(vocab_size, context))?;
        let spec = ModelSpec::new(family, sized.config)?;
        let model = spec.initialized(1, &device::parse("flex")?);
        save(folder, &model, family, &spec.config, Files::default())?;
        Ok(())
    }
}
