//! Texts that follow on prompts.

mod chat;
mod loops;
mod speculative;

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::PipelineError;
use super::processor::Processor;
use super::prompt::PromptTokens;
use super::stop::StoppingStream;
use super::token_stream::TokenStream;
use crate::Device;
use crate::datasets::tokenizer::{TextEncoder, TextStream, Tokenizer};
use crate::models::checkpoint::{self, LoadDtype, Model, ModelSpec, Pretrained, TaskRequirement};
use crate::models::families::Task;
use crate::models::generate::{
    BatchScheduler, Finish, GenerationConfig, GenerativeModel, NO_TOKEN, Request, as_generative,
};
use crate::models::precision::Precision;

/// What an error calls the models that do.
const GENERATIVE: &str = "a model that writes texts";

/// Writes what follows on prompts: a decoder continues them, an encoder-decoder answers them.
#[derive(Debug)]
pub struct TextGeneration {
    model: Model,
    processor: Processor,
    encoder: TextEncoder,
    spec: ModelSpec,
    seed: u64,
    /// How many texts were drawn in earlier calls.
    drawn: u64,
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
        let spec = ModelSpec::read_for(folder, TaskRequirement::GENERATION, device)?;
        let loaded = checkpoint::load_as(folder, spec, (device, LoadDtype::Checkpoint))?;
        let processor = Processor::open(folder, &loaded.spec)?;
        Self::of(loaded, processor)
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
        Self::of(loaded, Processor::new(tokenizer, settings))
    }

    fn of(loaded: Pretrained, processor: Processor) -> Result<Self, PipelineError> {
        let Pretrained { spec, model } = loaded;
        if as_generative(&model).is_none() {
            return Err(spec.wrong_head(GENERATIVE, Task::is_generative).into());
        }
        let encoder = processor.tokenizer.text_encoder(usize::MAX)?;
        Ok(Self { model, processor, encoder, spec, seed: 0, drawn: 0 })
    }

    /// The model, and how it reads and writes.
    pub fn into_parts(self) -> (Model, Processor) {
        (self.model, self.processor)
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

    /// Goes on with the draws after those of so many prompts: prompts that come in parts get the texts
    /// that they would get together.
    pub fn skip_draws(&mut self, prompts: usize) {
        self.drawn += (prompts * self.processor.config.n_texts) as u64;
    }

    /// How texts are written.
    pub fn settings(&self) -> &GenerationConfig {
        &self.processor.config
    }

    /// How texts are written, to be changed.
    pub fn settings_mut(&mut self) -> &mut GenerationConfig {
        &mut self.processor.config
    }

    /// What the model's `config.json` says.
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.processor.tokenizer
    }

    /// The model as one that writes.
    pub fn generative_model(&self) -> Result<&dyn GenerativeModel, PipelineError> {
        as_generative(&self.model)
            .ok_or_else(|| self.spec.wrong_head(GENERATIVE, Task::is_generative).into())
    }

    /// A prompt's tokens, with the special tokens that the tokenizer puts around texts.
    ///
    /// An empty prompt begins a new text: after the end of another.
    ///
    /// # Errors
    ///
    /// A character that is not in the vocabulary; an empty prompt where no token ends texts.
    pub fn encode(&self, prompt: &str) -> Result<Vec<u32>, PipelineError> {
        let ids = self.encoder.encode(prompt)?.ids;
        if !ids.is_empty() {
            return Ok(ids);
        }
        let begin = self.spec.config["bos_token_id"].as_f64().filter(|id| *id >= 0.0);
        let begin = begin.map(|id| id as u32);
        let begin = begin.or(self.processor.config.options.eos.first().copied());
        let begin = begin.filter(|id| *id != NO_TOKEN);
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
        let encode = |(index, prompt): (usize, &T)| {
            self.encode(prompt.as_ref()).map_err(|error| error.of_text(index))
        };
        let encoded: Vec<Vec<u32>> =
            prompts.iter().enumerate().map(encode).collect::<Result<_, _>>()?;
        let texts = self.write_tokens(encoded, done)?;
        let written = |(prompt, texts): (&T, _)| Written { prompt: prompt.as_ref().into(), texts };
        Ok(prompts.iter().zip(texts).map(written).collect())
    }

    /// What follows on each prompt, given as tokens.
    ///
    /// # Errors
    ///
    /// As for [`TextGeneration::write`].
    pub fn write_tokens<P: Into<PromptTokens>>(
        &self,
        prompts: Vec<P>,
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Vec<WrittenText>>, PipelineError> {
        let model = self.generative_model()?;
        let n_texts = self.processor.config.n_texts;
        let per_prompt = if self.processor.config.beams.is_some() { 1 } else { n_texts };
        let mut requests = Vec::with_capacity(prompts.len() * per_prompt);
        let mut streams = Vec::with_capacity(prompts.len() * per_prompt);
        for (index, prompt) in prompts.into_iter().enumerate() {
            let prompt = prompt.into();
            let mut options =
                self.processor.config.options_for(model.prepare(&prompt.ids).text.len());
            options.sampling.seed = self.seed;
            let stream = self.decoding_after(model, &prompt)?;
            for _ in 0..per_prompt {
                let (prompt, options) = (prompt.ids.clone(), options.clone());
                let draws = self.drawn + requests.len() as u64;
                requests.push(Request { prompt, options, stream: draws });
                streams.push(stream.clone());
            }
            // Before the first text is written: the others may still have answers.
            if let Some(request) = requests.last() {
                request.check(model).map_err(|error| PipelineError::from(error).of_text(index))?;
            }
        }
        if self.processor.config.beams.is_some() {
            return self.follow_beams(model, &requests, &streams, done);
        }
        let texts = self.follow(model, requests, streams, &mut |ready| done(ready / per_prompt))?;
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
    pub fn stream_tokens(
        &self,
        prompt: impl Into<PromptTokens>,
    ) -> Result<TokenStream<'_>, PipelineError> {
        let prompt = prompt.into();
        let model = self.generative_model()?;
        if self.processor.config.beams.is_some() {
            return Err(PipelineError::BeamStream);
        }
        let stream = self.stopping(self.decoding_after(model, &prompt)?);
        let mut options = self.processor.config.options_for(model.prepare(&prompt.ids).text.len());
        options.sampling.seed = self.seed;
        let mut scheduler = BatchScheduler::new(model);
        scheduler.submit(Request { prompt: prompt.ids, options, stream: 0 })?;
        Ok(TokenStream::new(scheduler, stream))
    }

    /// Decodes what follows on a prompt: its continuation where the model writes one, else a text of
    /// its own.
    fn decoding_after(
        &self,
        model: &dyn GenerativeModel,
        prompt: &PromptTokens,
    ) -> Result<TextStream, PipelineError> {
        let is_one_text = model.prepare(&prompt.ids).source.is_empty();
        let context = if is_one_text { prompt.context() } else { &[] };
        Ok(self.processor.tokenizer.stream_after(context)?)
    }

    fn stopping(&self, stream: TextStream) -> StoppingStream {
        StoppingStream::new(stream, &self.processor.config.stop_strings)
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
