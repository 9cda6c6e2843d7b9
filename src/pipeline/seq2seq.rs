//! Text-to-text tasks: summarization and translation.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::preprocessor::{check, each};
use super::text_generation::{TextEnding, TextGeneration, WrittenText};
use super::{PipelineError, TextError};
use crate::Device;
use crate::datasets::tokenizer::{TextEncoder, Tokenizer};
use crate::models::checkpoint::{self, LoadDtype, LoadError, ModelSpec, TaskRequirement};
use crate::models::generate::{GenerationConfig, GenerationFields};
use crate::models::precision::Precision;

/// Summarizes texts.
#[derive(Debug)]
pub struct Summarization {
    text_to_text: TextToText,
}

/// Translates texts.
#[derive(Debug)]
pub struct Translation {
    text_to_text: TextToText,
}

/// An output text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rewritten {
    /// The text.
    pub text: String,
    /// Why generation stopped.
    pub ending: TextEnding,
    /// Whether the input exceeded the maximum length and was truncated.
    pub is_cut: bool,
}

/// A generative model and the task settings of its directory.
#[derive(Debug)]
struct TextToText {
    generation: TextGeneration,
    encoder: TextEncoder,
    vocab_size: usize,
    /// The prefix of every input text; T5 is trained with task prefixes.
    prefix: String,
    /// The token of the source language, for models with language tokens.
    source: Option<u32>,
}

impl Summarization {
    /// Loads a model directory.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; a model that does not generate text.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        Ok(Self { text_to_text: TextToText::open(folder, |task| task == "summarization", device)? })
    }

    /// Converts the model to another precision; see [`crate::models::parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { text_to_text: self.text_to_text.cast(precision) }
    }

    /// Sets the maximum input length in tokens; longer texts are truncated.
    ///
    /// # Errors
    ///
    /// A length that leaves no room besides the special tokens.
    pub fn with_max_length(mut self, max_length: usize) -> Result<Self, PipelineError> {
        self.text_to_text.encoder = self.text_to_text.encoder.with_max_length(max_length)?;
        Ok(self)
    }

    /// The maximum input length in tokens; longer texts are truncated.
    pub fn max_length(&self) -> usize {
        self.text_to_text.encoder.max_length()
    }

    /// The generative model and its settings.
    pub fn generation_mut(&mut self) -> &mut TextGeneration {
        &mut self.text_to_text.generation
    }

    /// The summaries of texts, in order: `num_return_sequences` for each text, best first. `done`
    /// is called with the number of finished texts.
    ///
    /// # Errors
    ///
    /// Text that the model cannot process; invalid settings.
    pub fn summarize<T: AsRef<str>>(
        &self,
        texts: &[T],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<Rewritten>>, PipelineError> {
        self.text_to_text.rewrite(texts, done)
    }
}

impl Translation {
    /// Loads a model directory. A model with several translation tasks uses its first one; see
    /// [`Translation::between`].
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; a model that does not generate text, or that requires a choice
    /// of languages.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let is_task = |task: &str| task == "translation" || task.starts_with("translation_");
        let text_to_text = TextToText::open(folder, is_task, device)?;
        let has_forced_bos =
            text_to_text.generation.settings().options.constraints.forced_bos.is_some();
        let known = text_to_text.generation.tokenizer().language_tokens();
        if known.len() > 1 && !has_forced_bos && text_to_text.prefix.is_empty() {
            let names = known.into_iter().map(|token| token.text).collect();
            return Err(PipelineError::Languages(names));
        }
        Ok(Self { text_to_text })
    }

    /// Loads a model directory for two of its languages, named by language token (`de_DE`,
    /// `deu_Latn`, `__de__`), as in its tasks (`translation_en_to_de`), or by code (`de`).
    ///
    /// # Errors
    ///
    /// As for [`Translation::open`]; a language that the model does not support.
    pub fn between(
        folder: &Path,
        source: &str,
        target: &str,
        device: &Device,
    ) -> Result<Self, PipelineError> {
        let wanted = format!("translation_{source}_to_{target}");
        let mut text_to_text = TextToText::open(folder, |task| task == wanted, device)?;
        if text_to_text.prefix.is_empty() {
            let tokenizer = text_to_text.generation.tokenizer();
            let source = tokenizer.language_token(source)?;
            let target = tokenizer.language_token(target)?;
            text_to_text.source = Some(source);
            text_to_text.generation.settings_mut().options.constraints.forced_bos = Some(target);
        }
        Ok(Self { text_to_text })
    }

    /// Converts the model to another precision; see [`crate::models::parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { text_to_text: self.text_to_text.cast(precision) }
    }

    /// Sets the maximum input length in tokens; longer texts are truncated.
    ///
    /// # Errors
    ///
    /// A length that leaves no room besides the special tokens.
    pub fn with_max_length(mut self, max_length: usize) -> Result<Self, PipelineError> {
        self.text_to_text.encoder = self.text_to_text.encoder.with_max_length(max_length)?;
        Ok(self)
    }

    /// The maximum input length in tokens; longer texts are truncated.
    pub fn max_length(&self) -> usize {
        self.text_to_text.encoder.max_length()
    }

    /// The generative model and its settings.
    pub fn generation_mut(&mut self) -> &mut TextGeneration {
        &mut self.text_to_text.generation
    }

    /// The translations of texts, in order: `num_return_sequences` for each text, best first.
    /// `done` is called with the number of finished texts.
    ///
    /// # Errors
    ///
    /// Text that the model cannot process; invalid settings.
    pub fn translate<T: AsRef<str>>(
        &self,
        texts: &[T],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<Rewritten>>, PipelineError> {
        self.text_to_text.rewrite(texts, done)
    }
}

impl TextToText {
    /// Loads a model directory with its config's settings for the first matching task: the prefix
    /// and the generation settings.
    fn open(
        folder: &Path,
        is_meant: impl Fn(&str) -> bool,
        device: &Device,
    ) -> Result<Self, PipelineError> {
        let spec = ModelSpec::read_for(folder, TaskRequirement::GENERATION, device)?;
        let loaded = checkpoint::load_as(folder, spec, device, LoadDtype::Checkpoint)?;
        let tasks = loaded.spec.config["task_specific_params"].as_object();
        let task = tasks.into_iter().flatten().find(|(task, _)| is_meant(task));
        let task = task.map_or(&Value::Null, |(_, settings)| settings);
        let prefix = task["prefix"].as_str().unwrap_or_default().to_owned();
        let GenerationFields { path, fields: own } =
            GenerationFields::read(folder, &loaded.spec.config)?;
        // Defaults of transformers 4's pipelines.
        let mut fields = Map::from_iter([("num_beams".to_owned(), Value::from(4))]);
        fields.extend(own.into_iter().filter(|(_, value)| !value.is_null()));
        fields.extend(task.as_object().cloned().unwrap_or_default());
        if !["max_length", "max_new_tokens"].iter().any(|field| fields.contains_key(*field)) {
            fields.insert("max_new_tokens".to_owned(), Value::from(256));
        }
        let settings = GenerationConfig::from_fields(&fields)
            .map_err(|source| LoadError::Config { path, source })?;
        let tokenizer = Tokenizer::load(folder)?;
        let generation = TextGeneration::new(loaded, tokenizer, settings)?;
        let model = generation.generative_model()?;
        let (limit, vocab_size) = (model.prompt_limit(), model.vocab_size());
        let encoder = generation.tokenizer().text_encoder(limit)?;
        Ok(Self { generation, encoder, vocab_size, prefix, source: None })
    }

    fn cast(self, precision: Precision) -> Self {
        Self { generation: self.generation.cast(precision), ..self }
    }

    fn rewrite<T: AsRef<str>>(
        &self,
        texts: &[T],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<Rewritten>>, PipelineError> {
        let read = each(texts, |text| self.read(text.as_ref()))?;
        let (prompts, cut): (Vec<_>, Vec<_>) = read.into_iter().unzip();
        let written = self.generation.write_tokens(prompts, done)?;
        let rewritten = |(texts, is_cut): (Vec<WrittenText>, bool)| {
            let best = texts.into_iter();
            let text =
                move |text: WrittenText| Rewritten { text: text.text, ending: text.ending, is_cut };
            best.map(text).collect()
        };
        Ok(written.into_iter().zip(cut).map(rewritten).collect())
    }

    /// The tokens of a text, and whether they are truncated. A language token among them is
    /// replaced by the source language's.
    fn read(&self, text: &str) -> Result<(Vec<u32>, bool), TextError> {
        let encoding = self.encoder.encode(&format!("{}{text}", self.prefix))?;
        let (mut ids, is_cut) = (encoding.ids, encoding.is_cut);
        if let Some(source) = self.source {
            let tokenizer = self.generation.tokenizer();
            match ids.iter_mut().find(|id| tokenizer.is_language(**id)) {
                Some(id) => *id = source,
                None => ids.insert(0, source),
            }
        }
        if ids.is_empty() {
            return Err(TextError::Empty("text"));
        }
        check(&ids, self.vocab_size)?;
        Ok((ids, is_cut))
    }
}
