//! The parts of a text generation pipeline.

use super::TextGeneration;
use crate::models::checkpoint::Model;
use crate::pipeline::Processor;

/// A model that generates text, and its text processing.
#[derive(Debug)]
pub struct GenerationParts {
    /// The model.
    pub model: Model,
    /// Encodes prompts and decodes tokens.
    pub processor: Processor,
}

impl TextGeneration {
    /// The model and its text processing.
    pub fn into_parts(self) -> GenerationParts {
        GenerationParts { model: self.model, processor: self.processor }
    }
}
