//! What a model that writes has beside its weights.

use std::path::Path;

use super::PipelineError;
use super::chat::ChatTemplate;
use crate::datasets::tokenizer::Tokenizer;
use crate::models::checkpoint::ModelSpec;
use crate::models::generate::GenerationConfig;

/// How a model reads and writes texts.
#[derive(Debug, Clone)]
pub struct Processor {
    /// Texts to tokens, and back.
    pub tokenizer: Tokenizer,
    /// How chats are written down, if the model chats.
    pub chat: Option<ChatTemplate>,
    /// How the model's makers want it to write, where nobody says anything else.
    pub config: GenerationConfig,
}

impl Processor {
    /// Opens the files beside a model.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed.
    pub fn open(folder: &Path, spec: &ModelSpec) -> Result<Self, PipelineError> {
        let config = GenerationConfig::read(folder, &spec.config)?;
        let chat = ChatTemplate::load(folder)?;
        Ok(Self { chat, ..Self::new(Tokenizer::load(folder)?, config) })
    }

    /// Without chats. Where the settings do not say which token ends a text, the tokenizer does.
    pub fn new(tokenizer: Tokenizer, mut config: GenerationConfig) -> Self {
        if config.options.eos.is_empty() {
            config.options.eos.extend(tokenizer.eos());
        }
        Self { tokenizer, chat: None, config }
    }
}
