//! From a request to engine submissions.

use std::sync::{Arc, Mutex, PoisonError};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::ServerSettings;
use super::chat::Chat;
use super::completion_request::{CompletionRequest, MaxTokens, Prompts, ResponseMode};
use super::echo::Echo;
use super::engine::{Engine, Job, Submission};
use super::error::ApiError;
use super::fields::Input;
use super::logprobs::Names;
use super::transcript::Transcript;
use crate::datasets::tokenizer::{TextEncoder, TokenizerError};
use crate::models::backbones::UNBOUNDED;
use crate::models::generate::{GenerativeModel, Options, Request, Scoring};
use crate::pipeline::{Processor, PromptTokens};

/// The default length of a completion, as in OpenAI's API.
const USUAL_COMPLETION: usize = 16;
/// The maximum prompt length of models without a limit.
const LONGEST_PROMPT: usize = 4096;

/// A running generative model.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) engine: Engine,
    processor: Processor,
    encoder: TextEncoder,
    names: Arc<Names>,
    limits: Limits,
    /// Generates the seeds of requests without a seed.
    seeds: Mutex<ChaCha8Rng>,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    vocab_size: usize,
    prompt: usize,
    context: usize,
    /// Whether the text continues the prompt, so that both share the context.
    is_one_text: bool,
    /// The number of tokens that start a text in an encoder-decoder.
    begun: usize,
    new: usize,
    /// The maximum number of texts per request.
    rows: usize,
}

/// A request that is ready for the engine.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) submissions: Vec<Submission>,
    /// The number of texts.
    pub(super) count: usize,
    pub(super) prompt_tokens: usize,
    pub(super) mode: ResponseMode,
    /// Formats tokens, if log-probabilities are requested.
    pub(super) names: Option<Arc<Names>>,
}

/// A prompt to continue.
#[derive(Debug)]
struct Prompt {
    tokens: PromptTokens,
    echo: Echo,
}

impl Texts {
    /// Starts the engine.
    pub(super) fn start<W: GenerativeModel + Send + 'static>(
        model: W,
        processor: Processor,
        settings: &ServerSettings,
    ) -> Result<Self, super::ServeError> {
        let limit = model.prompt_limit();
        let begun = model.prepare(&[0]);
        let is_one_text = begun.source.is_empty();
        let usual = if limit >= UNBOUNDED { LONGEST_PROMPT } else { limit };
        let limits = Limits {
            vocab_size: model.vocab_size(),
            prompt: settings.max_prompt_tokens.unwrap_or(usual).min(limit),
            context: model.context(),
            is_one_text,
            begun: begun.text.len(),
            new: settings.max_new_tokens,
            rows: settings.batch + settings.queue,
        };
        Ok(Self {
            // Prompts that are too long are rejected, not truncated.
            encoder: processor.tokenizer.text_encoder(u32::MAX as usize)?,
            names: Arc::new(Names::new(processor.tokenizer.clone())),
            processor,
            limits,
            engine: Engine::start(model, settings)?,
            seeds: Mutex::new(ChaCha8Rng::seed_from_u64(settings.seed)),
        })
    }

    /// Encodes the prompts and checks all lengths.
    pub(super) fn prepare(&self, request: CompletionRequest) -> Result<Prepared, ApiError> {
        let is_chat = matches!(request.prompts, Prompts::Chat(_));
        let name = if is_chat { "messages" } else { "prompt" };
        let count = match &request.prompts {
            Prompts::Inputs(inputs) => inputs.len(),
            Prompts::Chat(_) => 1,
        };
        let (rows, most) = (count.saturating_mul(request.n), self.limits.rows);
        if rows > most {
            let message =
                format!("{rows} texts are requested, but at most {most} are allowed at once");
            return Err(ApiError::field(if count > 1 { name } else { "n" }, message));
        }
        let usual = if is_chat { usize::MAX } else { USUAL_COMPLETION };
        let scoring =
            Scoring { added: request.logprobs, prompt: request.logprobs.filter(|_| request.echo) };
        if scoring.prompt.is_some() && !self.limits.is_one_text {
            let message = "this model encodes its prompt and does not predict it, so the prompt has \
                           no log-probabilities; omit echo or logprobs";
            return Err(ApiError::unsupported("echo", message));
        }
        let prompts = match request.prompts {
            Prompts::Inputs(inputs) => {
                let read = |input| self.input(input, request.echo);
                inputs.into_iter().map(read).collect::<Result<Vec<_>, _>>()?
            }
            Prompts::Chat(chat) => vec![self.chat(chat)?],
        };
        let seed = match request.choice.seed {
            Some(seed) => seed as u64,
            None => self.seeds.lock().unwrap_or_else(PoisonError::into_inner).next_u64(),
        };
        let config = &self.processor.config;
        let options = request.choice.options(config, seed);
        let mut stops = request.stops;
        stops.extend(self.processor.config.stop_strings.iter().cloned());
        let prompt_tokens = prompts.iter().map(|prompt| prompt.tokens.ids.len()).sum();
        let mut submissions = Vec::with_capacity(rows);
        for Prompt { tokens, echo } in prompts {
            let context = if self.limits.is_one_text { tokens.context() } else { &[] };
            let stream = self.processor.tokenizer.stream_after(context);
            let stream = stream.map_err(|error| ApiError::internal(error.to_string()))?;
            let ids = tokens.ids;
            self.check(name, &ids)?;
            let room = self.length(name, ids.len(), request.max_tokens)?;
            let max_new_tokens = if request.max_tokens.is_some() { room } else { room.min(usual) };
            let begun = if self.limits.is_one_text { ids.len() } else { self.limits.begun };
            let usual = config.options_for(begun).min_new_tokens;
            let min_new_tokens = request.choice.min_new_tokens(usual, max_new_tokens)?;
            let options = Options { max_new_tokens, min_new_tokens, ..options.clone() };
            options.validate().map_err(|error| ApiError::invalid(error.to_string()))?;
            for _ in 0..request.n {
                let transcript = Transcript::new(stream.clone(), &stops, echo.clone());
                let transcript = match request.logprobs {
                    Some(_) => transcript.with_names(self.names.clone(), stream.clone()),
                    None => transcript,
                };
                let (prompt, options, stream) =
                    (ids.clone(), options.clone(), submissions.len() as u64);
                let request = Request { prompt, options, stream };
                submissions.push(Submission { job: Job { request, scoring }, transcript });
            }
        }
        let names = request.logprobs.map(|_| self.names.clone());
        Ok(Prepared { submissions, count: rows, prompt_tokens, mode: request.mode, names })
    }

    fn input(&self, input: Input, echo: bool) -> Result<Prompt, ApiError> {
        match input {
            Input::Text(text) => {
                let encoding =
                    self.encoder.encode(&text).map_err(|error| unreadable("prompt", &error))?;
                let echo = match echo {
                    true => Echo::of_text(text, &encoding, &self.names),
                    false => Echo::default(),
                };
                Ok(Prompt { tokens: encoding.ids.into(), echo })
            }
            Input::Ids(ids) => {
                self.check("prompt", &ids)?;
                let echo = match echo {
                    true => Echo::of_ids(&ids, &self.processor.tokenizer, &self.names),
                    false => Ok(Echo::default()),
                };
                let echo = echo.map_err(|error| unreadable("prompt", &error))?;
                Ok(Prompt { tokens: ids.into(), echo })
            }
        }
    }

    /// Renders a chat with the model's chat template and encodes it.
    fn chat(&self, chat: Chat) -> Result<Prompt, ApiError> {
        let Some(template) = &self.processor.chat else {
            let message = "this model has no chat template; use /v1/completions";
            return Err(ApiError::invalid(message));
        };
        let turn = chat.turn;
        let text = chat.render(template)?;
        let ids = self.processor.tokenizer.encode(&text);
        let ids = ids.map_err(|error| unreadable("messages", &error))?;
        Ok(Prompt { tokens: PromptTokens::chat(ids, turn), echo: Echo::default() })
    }

    /// Checks that the model accepts a prompt.
    fn check(&self, name: &str, ids: &[u32]) -> Result<(), ApiError> {
        let Limits { vocab_size, prompt, .. } = self.limits;
        if ids.is_empty() {
            return Err(ApiError::field(name, format!("{name} has no tokens")));
        }
        if ids.len() > prompt {
            let length = ids.len();
            let message = format!("{name} has {length} tokens, but at most {prompt} are allowed");
            return Err(ApiError::context(name, message));
        }
        if let Some(id) = ids.iter().find(|&&id| id as usize >= vocab_size) {
            let message = format!(
                "token id {id} is out of range; the model has tokens 0 to {}",
                vocab_size.saturating_sub(1)
            );
            return Err(ApiError::field(name, message));
        }
        Ok(())
    }

    /// The maximum number of new tokens for a prompt.
    fn length(
        &self,
        name: &str,
        prompt: usize,
        requested: Option<MaxTokens>,
    ) -> Result<usize, ApiError> {
        if let Some(MaxTokens { count: 0, .. }) = requested {
            return Ok(0);
        }
        let Limits { context, new, is_one_text, .. } = self.limits;
        let taken = if is_one_text { prompt } else { 0 };
        let room = context.saturating_sub(taken);
        if room == 0 {
            let message = format!(
                "{name} has {prompt} tokens, which leaves no room in the context of {context}"
            );
            return Err(ApiError::context(name, message));
        }
        let Some(MaxTokens { field, count: requested }) = requested else {
            return Ok(room.min(new));
        };
        if requested > new {
            let message =
                format!("{field} is {requested}, but this server generates at most {new} tokens");
            return Err(ApiError::field(field, message));
        }
        if requested > room {
            let message = format!(
                "the context is {context} tokens; {name} has {taken} of them, which leaves {room}, \
                 but {field} is {requested}"
            );
            return Err(ApiError::context(field, message));
        }
        Ok(requested)
    }
}

/// The error for text that the tokenizer rejects.
fn unreadable(name: &str, error: &TokenizerError) -> ApiError {
    ApiError::field(name, format!("{name}: {error}"))
}
