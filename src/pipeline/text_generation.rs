//! Texts that follow on prompts.

mod chat;
mod drafted;
mod loops;

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::PipelineError;
use super::language::Language;
use super::stop::Stops;
use super::token_stream::TokenStream;
use crate::Device;
use crate::datasets::tokenizer::{Reader, SpecialTokens, Tokenizer};
use crate::models::families::Task;
use crate::models::generate::{Batch, Finish, GenerationConfig, Request, Writer, writer};
use crate::models::precision::Precision;
use crate::models::pretrained::{self, Blueprint, Hold, Model, Pretrained, Wanted};

/// What an error calls the models that do.
const WRITER: &str = "a model that writes texts";

/// Writes what follows on prompts: a decoder continues them, an encoder-decoder answers them.
#[derive(Debug)]
pub struct TextGeneration {
    model: Model,
    language: Language,
    reader: Reader,
    blueprint: Blueprint,
    seed: u64,
}

/// What was written for a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// The prompt.
    pub prompt: String,
    /// The texts, best first where they have scores.
    pub texts: Vec<WrittenText>,
}

/// A text that follows on a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WrittenText {
    /// The text without the prompt.
    pub text: String,
    /// How many tokens were added, an end token included.
    pub tokens: usize,
    /// Why it ends.
    pub ending: TextEnding,
    /// The log-probability with its length penalty, where beams were followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// Why a text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextEnding {
    /// The model ended it, or one of the strings came that stop it.
    Stop,
    /// It is as long as it may be.
    Length,
}

impl TextGeneration {
    /// Opens a model's directory; how it writes is taken from `generation_config.json`, and how it
    /// chats from its chat template.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or followed; a model that writes no texts.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let blueprint = Blueprint::read_for(folder, Wanted::GENERATION, device)?;
        let loaded = pretrained::load_as(folder, blueprint, (device, Hold::AsStored))?;
        let language = Language::open(folder, &loaded.blueprint)?;
        Self::of(loaded, language)
    }

    /// The same of a model that is there already, without a chat template.
    ///
    /// # Errors
    ///
    /// A model that writes no texts; a tokenizer that cannot be used.
    pub fn new(
        loaded: Pretrained,
        tokenizer: Tokenizer,
        settings: GenerationConfig,
    ) -> Result<Self, PipelineError> {
        Self::of(loaded, Language::new(tokenizer, settings))
    }

    fn of(loaded: Pretrained, language: Language) -> Result<Self, PipelineError> {
        let Pretrained { blueprint, model } = loaded;
        if writer(&model).is_none() {
            return Err(blueprint.wrong_head(WRITER, Task::writes).into());
        }
        let reader = language.tokenizer.reader(usize::MAX)?;
        Ok(Self { model, language, reader, blueprint, seed: 0 })
    }

    /// The model, and how it reads and writes.
    pub fn into_parts(self) -> (Model, Language) {
        (self.model, self.language)
    }

    /// The same model in another format; see [`crate::models::parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: self.model.cast(precision), ..self }
    }

    /// The same with other draws.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Decides the draws.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// How texts are written.
    pub fn settings(&self) -> &GenerationConfig {
        &self.language.config
    }

    /// How texts are written, to be changed.
    pub fn settings_mut(&mut self) -> &mut GenerationConfig {
        &mut self.language.config
    }

    /// What the model's `config.json` says.
    pub fn blueprint(&self) -> &Blueprint {
        &self.blueprint
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.language.tokenizer
    }

    /// The model as one that writes.
    pub fn writer(&self) -> Result<&dyn Writer, PipelineError> {
        writer(&self.model).ok_or_else(|| self.blueprint.wrong_head(WRITER, Task::writes).into())
    }

    /// A prompt's tokens, with the special tokens that the tokenizer puts around texts.
    ///
    /// An empty prompt begins a new text: after the end of another.
    ///
    /// # Errors
    ///
    /// A character that is not in the vocabulary; an empty prompt where no token ends texts.
    pub fn encode(&self, prompt: &str) -> Result<Vec<u32>, PipelineError> {
        let ids = self.reader.read(prompt)?.ids;
        if !ids.is_empty() {
            return Ok(ids);
        }
        let begin = self.blueprint.config["bos_token_id"].as_u64().map(|id| id as u32);
        let begin = begin.or(self.language.config.options.eos.first().copied());
        begin.map(|id| vec![id]).ok_or(PipelineError::EmptyPrompt)
    }

    /// What follows on each prompt, in their order. `done` hears how many are ready.
    ///
    /// A text depends on its prompt, its place among the prompts and the seed, and not on the others.
    ///
    /// # Errors
    ///
    /// A prompt that cannot be continued; settings that make no sense.
    pub fn write<T: AsRef<str>>(
        &self,
        prompts: &[T],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Written>, PipelineError> {
        let encoded: Vec<Vec<u32>> =
            prompts.iter().map(|prompt| self.encode(prompt.as_ref())).collect::<Result<_, _>>()?;
        let texts = self.write_tokens(encoded, done)?;
        let written = |(prompt, texts): (&T, _)| Written { prompt: prompt.as_ref().into(), texts };
        Ok(prompts.iter().zip(texts).map(written).collect())
    }

    /// What follows on each prompt, given as tokens.
    ///
    /// # Errors
    ///
    /// As for [`TextGeneration::write`].
    pub fn write_tokens(
        &self,
        prompts: Vec<Vec<u32>>,
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<WrittenText>>, PipelineError> {
        let model = self.writer()?;
        let n_texts = self.language.config.n_texts;
        let per_prompt = if self.language.config.beams.is_some() { 1 } else { n_texts };
        let mut requests = Vec::with_capacity(prompts.len() * per_prompt);
        for prompt in prompts {
            let mut options = self.language.config.options_for(model.begin(&prompt).text.len());
            options.sampling.seed = self.seed;
            for _ in 0..per_prompt {
                let (prompt, options) = (prompt.clone(), options.clone());
                requests.push(Request { prompt, options, stream: requests.len() as u64 });
            }
        }
        if self.language.config.beams.is_some() {
            return self.follow_beams(model, &requests, done);
        }
        let texts = self.follow(model, requests, &mut |ready| done(ready / per_prompt))?;
        Ok(texts.chunks(per_prompt).map(<[WrittenText]>::to_vec).collect())
    }

    /// Pieces of the text that follows on a prompt, as they come.
    ///
    /// # Errors
    ///
    /// As for [`TextGeneration::write`]; beams, which are not followed one after the other.
    pub fn stream(&self, prompt: &str) -> Result<TokenStream<'_>, PipelineError> {
        self.stream_tokens(self.encode(prompt)?)
    }

    /// Pieces of the text that follows on a prompt, given as tokens.
    ///
    /// # Errors
    ///
    /// As for [`TextGeneration::stream`].
    pub fn stream_tokens(&self, prompt: Vec<u32>) -> Result<TokenStream<'_>, PipelineError> {
        let model = self.writer()?;
        if self.language.config.beams.is_some() {
            return Err(PipelineError::BeamStream);
        }
        let mut options = self.language.config.options_for(model.begin(&prompt).text.len());
        options.sampling.seed = self.seed;
        let mut batch = Batch::new(model);
        batch.admit(Request { prompt, options, stream: 0 })?;
        let stops = Stops::new(&self.language.config.stop_strings);
        Ok(TokenStream::new(batch, self.language.tokenizer.stream(), stops))
    }

    /// The text of tokens; those that the tokenizer lacks are none.
    fn text_of(&self, tokens: &[u32]) -> Result<String, PipelineError> {
        Ok(self.language.tokenizer.write(tokens, SpecialTokens::LeftOut)?)
    }
}

impl From<Finish> for TextEnding {
    fn from(finish: Finish) -> Self {
        match finish {
            Finish::Eos => Self::Stop,
            Finish::Length => Self::Length,
        }
    }
}
