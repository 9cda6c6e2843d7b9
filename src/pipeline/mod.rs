//! Pipelines: from a model's directory and texts to an answer.

mod embed;
mod error;
mod sentence;

pub use embed::{Embeddings, TextEmbedder};
pub use error::PipelineError;
