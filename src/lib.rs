//! Burn Zoo: transformers written once, run and trained on every backend of [Burn](https://burn.dev).
//!
//! This crate is what one does with models: choosing a [`device`], [`train`]ing, the [`cli`]. The
//! models are in [`models`], their data in [`datasets`].
//!
//! ```
//! use burn_zoo::datasets::{text::Corpus, tokenizer::Vocabulary};
//! use burn_zoo::models::{generate, heads::CausalLm, pretrained};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device = burn_zoo::device::parse("flex")?;
//! # let _ = (device, Corpus::stories(), Vocabulary::Characters);
//! # Ok(())
//! # }
//! ```

#![recursion_limit = "256"]

pub mod cli;
pub mod device;
pub mod system;
pub mod train;

pub use zoo_datasets as datasets;
pub use zoo_models as models;
