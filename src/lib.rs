//! Burn Zoo: transformer models that run and train on every backend of [Burn](https://burn.dev).
//!
//! This crate is the application: [`device`] selection and comparison across devices ([`parity`]),
//! training ([`train`]), comparison of architectures ([`compare`], [`report`]), task [`pipeline`]s, the server
//! ([`serve`]) and the command line ([`cli`]). The models are in [`models`], their data in
//! [`datasets`].
//!
//! A small, untrained model from scratch:
//!
//! ```
//! use burn_zoo::datasets::{text::Corpus, tokenizer::Vocabulary};
//! use burn_zoo::models::families::{self, Size};
//! use burn_zoo::models::generate::{Flow, Options, generate};
//! use burn_zoo::models::heads::CausalLm;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device = burn_zoo::device::parse("flex")?;
//! let tokenizer = Corpus::stories().tokenizer(Vocabulary::Characters)?;
//!
//! let size = Size {
//!     vocab_size: tokenizer.vocab_size(),
//!     context: 32,
//!     d_model: 16,
//!     n_layers: 2,
//!     n_heads: 2,
//!     n_kv_heads: Some(1),
//!     d_ff: None,
//!     dropout: 0.0,
//!     eos: None,
//! };
//! let (_, architecture) = families::find("llama")?.sized(&size)?;
//! let model = CausalLm::new(&architecture.backbone, &device)?.initialized(1);
//!
//! let options = Options { max_new_tokens: 8, ..Options::default() };
//! let added = generate(&model, &[tokenizer.encode("Once")?], &options, &mut |_| Flow::Continue)?;
//! assert_eq!(tokenizer.decode(&added[0])?.chars().count(), 8);
//! # Ok(())
//! # }
//! ```

#![recursion_limit = "256"]

/// Compiles the README's examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod cli;
pub mod compare;
pub mod device;
pub mod parity;
pub mod pipeline;
pub mod serve;
pub mod system;
pub mod train;

pub use burn::tensor::Device;
pub use zoo_datasets as datasets;
pub use zoo_models as models;
pub use zoo_report as report;
