//! Text generation.

mod chat;
mod loops;
mod parts;
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
pub use parts::GenerationParts;
pub use speculative::SpeculativeText;

/// The name of the required models in errors.
const GENERATIVE: &str = "a model that generates text";

/// Generates text for prompts: a decoder continues the prompt, an encoder-decoder produces a new
/// text.
#[derive(Debug)]
pub struct TextGeneration {
    model: Model,
    processor: Processor,
    encoder: TextEncoder,
    spec: ModelSpec,
    seed: u64,
    /// The number of texts sampled in earlier calls.
    drawn: u64,
}

/// The generated texts of a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// The prompt.
    pub prompt: String,
    /// The texts, best first if they have scores.
    pub texts: Vec<WrittenText>,
}

/// A generated text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WrittenText {
    /// The text without the prompt.
    pub text: String,
    /// The number of generated tokens, including an EOS token.
    pub tokens: usize,
    /// Why generation stopped.
    pub ending: TextEnding,
    /// The log-probability with its length penalty, for beam search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// Why generation stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextEnding {
    /// The model produced an EOS token, or a stop string was found.
    Stop,
    /// The maximum length was reached.
    Length,
}

impl TextGeneration {
    /// Loads a model directory, with the generation settings of `generation_config.json` and the
    /// model's chat template.
    ///
    /// # Errors
    ///
    /// Unreadable or invalid files; a model that does not generate text.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, PipelineError> {
        let spec = ModelSpec::read_for(folder, TaskRequirement::GENERATION, device)?;
        let loaded = checkpoint::load_as(folder, spec, device, LoadDtype::Checkpoint)?;
        let processor = Processor::open(folder, &loaded.spec)?;
        Self::of(loaded, processor)
    }

    /// The same for a loaded model, without a chat template.
    ///
    /// # Errors
    ///
    /// A model that does not generate text; a tokenizer that cannot be used.
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

    /// Converts the model to another precision; see [`crate::models::parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        Self { model: self.model.cast(precision), ..self }
    }

    /// Sets the seed of sampling.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Sets the seed of sampling.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// Advances the random streams past this many prompts: prompts that are submitted in batches
    /// get the same texts as all at once.
    pub fn skip_draws(&mut self, prompts: usize) {
        self.drawn += (prompts * self.processor.config.n_texts) as u64;
    }

    /// The generation settings.
    pub fn settings(&self) -> &GenerationConfig {
        &self.processor.config
    }

    /// The generation settings, mutable.
    pub fn settings_mut(&mut self) -> &mut GenerationConfig {
        &mut self.processor.config
    }

    /// The model's specification from `config.json`.
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.processor.tokenizer
    }

    /// The model as a generative model.
    pub fn generative_model(&self) -> Result<&dyn GenerativeModel, PipelineError> {
        as_generative(&self.model)
            .ok_or_else(|| self.spec.wrong_head(GENERATIVE, Task::is_generative).into())
    }

    /// Encodes a prompt, with the special tokens that the tokenizer adds to texts.
    ///
    /// An empty prompt is encoded as the BOS token, or else as the EOS token of a preceding text.
    ///
    /// # Errors
    ///
    /// A character that is not in the vocabulary; an empty prompt without a BOS or EOS token.
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

    /// The generated texts for each prompt, in order. `done` is called with the number of finished
    /// prompts.
    ///
    /// A text depends on its prompt, the prompt's index and the seed, but not on the other prompts.
    ///
    /// # Errors
    ///
    /// A prompt that cannot be continued; invalid settings.
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

    /// The generated texts for each tokenized prompt.
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
            // Checked before generation starts: the other prompts may still be valid.
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

    /// Streams the generated text for a prompt.
    ///
    /// # Errors
    ///
    /// As for [`TextGeneration::write`]; beam search, which does not support streaming.
    pub fn stream(&self, prompt: &str) -> Result<TokenStream<'_>, PipelineError> {
        self.stream_tokens(self.encode(prompt)?)
    }

    /// Streams the generated text for a tokenized prompt.
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

    /// The decoder of the generated text: it continues the prompt for decoders, and is a separate
    /// text for encoder-decoders.
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
