//! Data for Burn Zoo: generated and published data sets, tokenizers, batches, scores.
//!
//! This crate depends on no model or tensor type: batches are plain vectors of integers.
//!
//! ```
//! use zoo_datasets::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let corpus = Corpus::stories();
//! let tokenizer = corpus.tokenizer(Vocabulary::Characters)?;
//! let data = LmDataset::new(&corpus, tokenizer)?;
//!
//! let shape = BatchShape { rows: 4, context: 64 };
//! let batch = data.train_batch(BatchAt { seed: 1, step: 0, micro_step: 0 }, shape)?;
//! assert_eq!(batch.inputs.len(), 4 * 64);
//! # Ok(())
//! # }
//! ```

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod batch;
pub mod documents;
pub mod encoded;
pub mod labeled;
pub mod locate;
pub mod prelude;
pub mod records;
pub mod score;
pub mod task;
pub mod text;
pub mod tokenizer;

mod files;
mod hash;
pub mod nearest;
mod panics;
mod rng;
