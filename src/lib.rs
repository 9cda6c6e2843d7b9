//! Burn Zoo: transformer models that run and train on every backend of [Burn](https://burn.dev).
//!
//! This crate is the application: [`device`] selection and comparison across devices ([`parity`]),
//! task [`pipeline`]s, comparison of architectures (`compare`), the server (`serve`) and the command
//! line (`cli`). The models are in [`models`], their data in [`datasets`], their training in
//! [`train`].
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
//! let architecture = families::find("llama")?.sized(&size)?.architecture;
//! let model = CausalLm::new(&architecture.backbone, &device)?.initialized(1);
//!
//! let options = Options { max_new_tokens: 8, ..Options::default() };
//! let added = generate(&model, &[tokenizer.encode("Once")?], &options, &mut |_| Flow::Continue)?;
//! assert_eq!(tokenizer.decode(&added[0])?.chars().count(), 8);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | adds | with |
//! |---|---|---|
//! | `cli` | the program `zoo`, and the module `cli` | clap, ratatui |
//! | `serve` | the server `serve`, and the verb `serve` | axum, tokio |
//! | `images` | image files in [`pipeline`] and in training, and the verb `classify-image` | image |
//! | `compare` | comparisons of architectures in `compare`, and the verbs `compare` and `sweep` | |
//! | `hub` | models by their names on the Hugging Face Hub | hf-hub |
//! | `fusion` | fused kernels on the backends that compile them | |
//!
//! All of these and the backend `flex` are default. The other backends are `ndarray`, `wgpu`,
//! `vulkan`, `metal`, `webgpu`, `tch`, `cuda` and `rocm`; see [`device`].

#![recursion_limit = "256"]
#![cfg_attr(docsrs, feature(doc_cfg))]

/// Compiles the README's examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "compare")]
pub mod compare;
pub mod device;
pub mod parity;
pub mod pipeline;
pub mod prelude;
#[cfg(feature = "serve")]
pub mod serve;
pub mod system;

pub use burn::tensor::Device;
pub use zoo_datasets as datasets;
pub use zoo_models as models;
#[cfg(feature = "compare")]
pub use zoo_report as report;
pub use zoo_train as train;
