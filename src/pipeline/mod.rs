//! Pipelines: from a model's directory and texts to an answer.

mod embed;
mod error;
mod sentence;

pub use embed::TextEmbedder;
pub use error::PipelineError;
