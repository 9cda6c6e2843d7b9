//! How source and target texts are tokenized.

use std::path::Path;

use serde::{Deserialize, Serialize};
use zoo_datasets::tokenizer::{Tokenizer, TokenizerError, UnknownLanguage};

/// The tokenizers of a task, and what is put before its texts.
#[derive(Debug, Clone)]
pub struct TaskTexts {
    /// The tokenizer.
    pub tokenizer: Tokenizer,
    /// The tokenizer of target texts; `None` where it is the same.
    pub target_tokenizer: Option<Tokenizer>,
    /// Put before each text, such as T5's `translate English to German: `.
    pub prefix: String,
    /// The languages of a multilingual model.
    pub languages: Languages,
}

/// The languages of source and target texts, by language token (`de_DE`, `deu_Latn`, `__de__`), by
/// the code of the language alone (`de`), or as Marian's models name them (`>>deu<<` by `deu`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Languages {
    /// Of source texts.
    #[serde(default, rename = "source_language", skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Of target texts.
    #[serde(default, rename = "target_language", skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// Languages as a model receives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LanguageIds {
    pub(super) source: Option<u32>,
    pub(super) target: Option<u32>,
    /// Marian's code, which is part of the source text.
    pub(super) code: String,
}

impl TaskTexts {
    /// Texts without a prefix, in one language.
    pub fn new(tokenizer: Tokenizer) -> Self {
        let languages = Languages::default();
        Self { tokenizer, target_tokenizer: None, prefix: String::new(), languages }
    }

    /// The same with the tokenizer of target texts in a model's folder, if it has another one.
    ///
    /// # Errors
    ///
    /// Unreadable files.
    pub fn with_target_of(self, folder: &Path) -> Result<Self, TokenizerError> {
        Ok(Self { target_tokenizer: Tokenizer::load_target(folder)?, ..self })
    }

    pub(super) fn target_tokenizer(&self) -> &Tokenizer {
        self.target_tokenizer.as_ref().unwrap_or(&self.tokenizer)
    }

    pub(super) fn language_ids(&self) -> Result<LanguageIds, UnknownLanguage> {
        let Languages { source, target } = &self.languages;
        let id = |name: &Option<String>| {
            name.as_deref().map(|name| self.tokenizer.language_token(name)).transpose()
        };
        let source = id(source)?;
        match target.as_deref().and_then(|name| self.tokenizer.language_code(name)) {
            Some(code) => Ok(LanguageIds { source, target: None, code: format!("{code} ") }),
            None => Ok(LanguageIds { source, target: id(target)?, code: String::new() }),
        }
    }
}
