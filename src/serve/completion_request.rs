//! Completion requests.

use serde_json::Value;

use super::chat::{Chat, without_functions};
use super::choice::Choice;
use super::error::ApiError;
use super::fields::{Fields, Input, wrong};
use super::rest::{OF_CHATS, OF_COMPLETIONS, Rest};

/// The maximum number of choices per prompt, as in OpenAI's API.
const MOST_CHOICES: i64 = 128;
/// OpenAI accepts 4; tasks of lm-eval have up to 10.
const MOST_STOPS: usize = 32;
const LONGEST_STOP: usize = 1000;
/// The maximum number of top log-probabilities per position, as in OpenAI's chat API.
const MOST_LOGPROBS: i64 = 20;

/// The maximum number of new tokens that a request specifies.
#[derive(Debug, Clone, Copy)]
pub(super) struct MaxTokens {
    /// The field that specifies it.
    pub(super) field: &'static str,
    pub(super) count: usize,
}

/// A request for generated text.
#[derive(Debug)]
pub(super) struct CompletionRequest {
    pub(super) prompts: Prompts,
    /// The number of texts per prompt.
    pub(super) n: usize,
    /// The maximum number of new tokens.
    pub(super) max_tokens: Option<MaxTokens>,
    pub(super) choice: Choice,
    pub(super) stops: Vec<String>,
    /// Whether each text starts with its prompt.
    pub(super) echo: bool,
    /// The number of top log-probabilities per position, if log-probabilities are requested.
    pub(super) logprobs: Option<usize>,
    pub(super) mode: ResponseMode,
}

/// The prompts.
#[derive(Debug)]
pub(super) enum Prompts {
    Inputs(Vec<Input>),
    Chat(Chat),
}

/// How the response is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseMode {
    /// As one JSON object.
    Whole,
    /// As server-sent events.
    Events,
    /// As server-sent events; the last one contains the token usage.
    EventsWithUsage,
}

impl CompletionRequest {
    /// Reads a completion request.
    pub(super) fn completion(mut fields: Fields) -> Result<Self, ApiError> {
        let prompts = Prompts::Inputs(Input::read("prompt", fields.require("prompt")?)?);
        let best_of = fields.integer("best_of", 1..=MOST_CHOICES)?;
        let echo = fields.is_set("echo")?;
        // With `echo`, the completion may be empty: the text then is the prompt.
        let least = if echo { 0 } else { 1 };
        let max_tokens = fields.count_from("max_tokens", least)?;
        let max_tokens = max_tokens.map(|count| MaxTokens { field: "max_tokens", count });
        let logprobs = match fields.take("logprobs") {
            None | Some(Value::Bool(false)) => None,
            Some(value) => {
                Fields::only("logprobs", value).integer("logprobs", 0..=MOST_LOGPROBS)?
            }
        };
        let request = Self::read(&mut fields, prompts)?;
        fields.finish(&OF_COMPLETIONS)?;
        if best_of.is_some_and(|best_of| best_of != request.n as i64) {
            let message = "best_of is not supported; omit it, or set it to n";
            return Err(ApiError::unsupported("best_of", message));
        }
        let logprobs = logprobs.map(|top| top as usize);
        Ok(Self { max_tokens, echo, logprobs, ..request })
    }

    /// Reads a chat completion request.
    pub(super) fn chat(mut fields: Fields) -> Result<Self, ApiError> {
        without_functions(&mut fields)?;
        plain("response_format", fields.take("response_format"))?;
        if let Some(modalities) = fields.take("modalities")
            && modalities != serde_json::json!(["text"])
        {
            let message = "modalities must be [\"text\"]; the model only generates text";
            return Err(ApiError::unsupported("modalities", message));
        }
        let prompts = Prompts::Chat(Chat::read(&mut fields)?);
        let logprobs = top_logprobs(&mut fields)?;
        let completion = fields.count("max_completion_tokens")?;
        let tokens = fields.count("max_tokens")?;
        let max_tokens = match (completion, tokens) {
            (Some(count), _) => Some(MaxTokens { field: "max_completion_tokens", count }),
            (None, count) => count.map(|count| MaxTokens { field: "max_tokens", count }),
        };
        let request = Self::read(&mut fields, prompts)?;
        fields.finish(&OF_CHATS)?;
        Ok(Self { max_tokens, logprobs, ..request })
    }

    /// Reads the common fields of both kinds of requests.
    fn read(fields: &mut Fields, prompts: Prompts) -> Result<Self, ApiError> {
        fields.text("user")?;
        let stream = fields.is_set("stream")?;
        let has_usage = match fields.take("stream_options") {
            None => false,
            Some(options) => {
                let mut options = Fields::within(options, "stream_options")?;
                let has_usage = options.is_set("include_usage")?;
                options.finish(&Rest::NONE)?;
                has_usage
            }
        };
        let mode = match (stream, has_usage) {
            (false, false) => ResponseMode::Whole,
            (true, false) => ResponseMode::Events,
            (true, true) => ResponseMode::EventsWithUsage,
            (false, true) => {
                let message = "stream_options requires \"stream\": true";
                return Err(ApiError::field("stream_options", message));
            }
        };
        Ok(Self {
            prompts,
            n: fields.integer("n", 1..=MOST_CHOICES)?.unwrap_or(1) as usize,
            max_tokens: None,
            choice: Choice::read(fields)?,
            stops: stops(fields.take("stop"))?,
            echo: false,
            logprobs: None,
            mode,
        })
    }
}

/// The number of top log-probabilities in a chat completion, if log-probabilities are requested.
fn top_logprobs(fields: &mut Fields) -> Result<Option<usize>, ApiError> {
    let is_enabled = fields.is_set("logprobs")?;
    let top = match fields.take("top_logprobs") {
        None | Some(Value::Bool(false)) => 0,
        Some(top) => {
            let top = Fields::only("top_logprobs", top).integer("top_logprobs", 0..=MOST_LOGPROBS);
            top?.unwrap_or(0) as usize
        }
    };
    if top > 0 && !is_enabled {
        let message = "top_logprobs requires \"logprobs\": true";
        return Err(ApiError::field("top_logprobs", message));
    }
    Ok(is_enabled.then_some(top))
}

/// Checks that the response format is plain text.
fn plain(name: &str, format: Option<Value>) -> Result<(), ApiError> {
    let Some(format) = format else { return Ok(()) };
    let kind = Fields::within(format, name)?.text("type")?;
    if kind.as_deref() == Some("text") {
        return Ok(());
    }
    let path = format!("{name}.type");
    let message = format!("{path} must be \"text\"; other formats are not supported");
    Err(ApiError::unsupported(path, message))
}

fn stops(value: Option<Value>) -> Result<Vec<String>, ApiError> {
    let stops = match value {
        None => return Ok(Vec::new()),
        Some(Value::String(stop)) => vec![stop],
        Some(Value::Array(list)) => {
            let stop = |value: Value| match value {
                Value::String(stop) => Ok(stop),
                other => Err(wrong("stop", "a string or a list of strings", &other)),
            };
            list.into_iter().map(stop).collect::<Result<_, _>>()?
        }
        Some(other) => return Err(wrong("stop", "a string or a list of strings", &other)),
    };
    if stops.len() > MOST_STOPS {
        let message =
            format!("stop has {} strings, but only {MOST_STOPS} are allowed", stops.len());
        return Err(ApiError::field("stop", message));
    }
    if stops.iter().any(String::is_empty) {
        return Err(ApiError::field("stop", "stop contains an empty string"));
    }
    if stops.iter().any(|stop| stop.len() > LONGEST_STOP) {
        let message = format!("stop contains a string of more than {LONGEST_STOP} bytes");
        return Err(ApiError::field("stop", message));
    }
    Ok(stops)
}
