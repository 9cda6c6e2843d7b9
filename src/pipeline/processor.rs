//! The tokenizer, chat template and settings of a generative model.

use std::path::Path;

use super::PipelineError;
use super::chat::ChatTemplate;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::ModelSpec;
use crate::models::generate::GenerationConfig;

/// The text processing of a generative model.
#[derive(Debug, Clone)]
pub struct Processor {
    /// The tokenizer.
    pub tokenizer: Tokenizer,
    /// The chat template, if the model has one.
    pub chat: Option<ChatTemplate>,
    /// The model's default generation settings.
    pub config: GenerationConfig,
}

impl Processor {
    /// Loads the files of a model directory.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files.
    pub fn open(folder: &Path, spec: &ModelSpec) -> Result<Self, PipelineError> {
        let config = GenerationConfig::read(folder, &spec.config)?;
        let chat = ChatTemplate::load(folder)?;
        Ok(Self { chat, ..Self::new(Tokenizer::load(folder)?, config) })
    }

    /// Without a chat template. If the settings define no EOS token, the tokenizer's is used.
    pub fn new(tokenizer: Tokenizer, mut config: GenerationConfig) -> Self {
        if config.options.eos.is_empty() {
            config.options.eos.extend(tokenizer.eos());
        }
        Self { tokenizer, chat: None, config }
    }
}
