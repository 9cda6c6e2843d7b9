//! The measured models and batches, for which others have published times.

use anyhow::{Context, Result};
use burn_zoo::models::checkpoint::ModelSpec;
use burn_zoo::models::families::{self, NamedSize, Size};

/// A model and the shape of its input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) family: &'static str,
    /// The name of the size in `zoo train --size`.
    size: &'static str,
    pub(crate) vocab_size: usize,
    pub(crate) rows: usize,
    pub(crate) length: usize,
    /// The dropout probability of hidden states and attention weights in training.
    pub(crate) dropout: f64,
}

/// All shapes.
pub(crate) const SHAPES: &[Shape] = &[
    shape("gpt2-nano", "gpt2", "nano", 65, [12, 64]),
    shape("gpt2-micro", "gpt2", "micro", 65, [8, 256]),
    shape("gpt2-124m", "gpt2", "small", 50_257, [1, 256]),
    shape("llama-micro", "llama", "micro", 65, [8, 256]),
    shape("llama-134m", "llama", "small", 32_000, [1, 256]),
    shape("bert-micro", "bert", "micro", 65, [8, 256]),
    shape("bert-base-1", "bert", "small", 30_522, [1, 128]),
    shape("bert-base-8", "bert", "small", 30_522, [8, 128]),
    shape("t5-micro", "t5", "micro", 65, [8, 128]),
    shape("t5-base", "t5", "small", 32_128, [1, 128]),
];

const fn shape(
    name: &'static str,
    family: &'static str,
    size: &'static str,
    vocab_size: usize,
    [rows, length]: [usize; 2],
) -> Shape {
    Shape { name, family, size, vocab_size, rows, length, dropout: 0.0 }
}

/// Finds a shape by name.
pub(crate) fn find(name: &str) -> Result<Shape, String> {
    let names = || SHAPES.iter().map(|shape| shape.name).collect::<Vec<_>>().join(", ");
    let found = SHAPES.iter().find(|shape| shape.name == name);
    found.copied().ok_or_else(|| format!("{name:?} is not one of {}", names()))
}

impl Shape {
    /// Whether the model generates text.
    pub(crate) fn continues_texts(&self) -> Result<bool> {
        Ok(families::find(self.family)?.is_generative())
    }

    /// The specification of the model.
    pub(crate) fn spec(&self) -> Result<ModelSpec> {
        let named = NamedSize::find(self.size).context("a size of a name")?;
        let size = Size { dropout: self.dropout, ..named.size(self.vocab_size, self.length) };
        let family = families::find(self.family)?;
        Ok(ModelSpec::new(family, family.sized(&size)?.config)?)
    }
}
