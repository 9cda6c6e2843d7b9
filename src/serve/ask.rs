//! What a request for texts asks for.

use serde_json::Value;

use super::error::ApiError;
use super::fields::{Fields, Input, wrong};
use super::messages::{self, Message};

/// The most choices for one prompt, and the most stop strings, as OpenAI has them.
const MOST_CHOICES: i64 = 128;
const MOST_STOPS: usize = 4;
const LONGEST_STOP: usize = 1000;

/// A request for texts.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) prompts: Prompts,
    /// Texts for each prompt.
    pub(super) n: usize,
    /// The name of the field that said how many tokens to add at most, and what it said.
    pub(super) max_tokens: Option<(&'static str, usize)>,
    pub(super) choice: Choice,
    pub(super) stops: Vec<String>,
    /// Whether each text is to begin with its prompt.
    pub(super) echo: bool,
    pub(super) delivery: Delivery,
}

/// What to continue.
#[derive(Debug)]
pub(super) enum Prompts {
    Inputs(Vec<Input>),
    Chat(Vec<Message>),
}

/// How tokens are to be chosen, where the request says so.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Choice {
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) top_k: Option<i64>,
    pub(super) min_p: Option<f64>,
    pub(super) presence_penalty: Option<f64>,
    pub(super) frequency_penalty: Option<f64>,
    pub(super) repetition_penalty: Option<f64>,
    pub(super) seed: Option<i64>,
}

/// How the answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// In one piece.
    Whole,
    /// As events.
    Events,
    /// As events, the last of which counts the tokens.
    EventsWithUsage,
}

impl Ask {
    /// Reads a request for completions.
    pub(super) fn completion(mut fields: Fields) -> Result<Self, ApiError> {
        fields.refuse("suffix")?;
        let prompts = Prompts::Inputs(Input::read("prompt", fields.require("prompt")?)?);
        let max_tokens = fields.count("max_tokens")?.map(|count| ("max_tokens", count));
        let best_of = fields.integer("best_of", 1..=MOST_CHOICES)?;
        let echo = fields.is_asked("echo")?;
        let ask = Self::read(fields, prompts)?;
        if best_of.is_some_and(|best_of| best_of != ask.n as i64) {
            let message = "best_of is not supported; leave it out, or let it be n";
            return Err(ApiError::unsupported("best_of", message));
        }
        Ok(Self { max_tokens, echo, ..ask })
    }

    /// Reads a request for the next message of a chat.
    pub(super) fn chat(mut fields: Fields) -> Result<Self, ApiError> {
        let unsupported =
            ["tools", "functions", "top_logprobs", "audio", "prediction", "web_search_options"];
        for name in unsupported {
            fields.refuse(name)?;
        }
        plain("response_format", fields.take("response_format"))?;
        if let Some(modalities) = fields.take("modalities")
            && modalities != serde_json::json!(["text"])
        {
            let message = "modalities must be [\"text\"]; the model writes nothing else";
            return Err(ApiError::unsupported("modalities", message));
        }
        let prompts = Prompts::Chat(messages::read(fields.require("messages")?)?);
        let completion = fields.count("max_completion_tokens")?;
        let tokens = fields.count("max_tokens")?;
        let max_tokens = match (completion, tokens) {
            (Some(count), _) => Some(("max_completion_tokens", count)),
            (None, count) => count.map(|count| ("max_tokens", count)),
        };
        Ok(Self { max_tokens, ..Self::read(fields, prompts)? })
    }

    /// Reads what both kinds of requests have.
    fn read(mut fields: Fields, prompts: Prompts) -> Result<Self, ApiError> {
        for name in ["logprobs", "logit_bias"] {
            fields.refuse(name)?;
        }
        fields.text("user")?;
        let stream = fields.is_asked("stream")?;
        let delivery = match (stream, fields.take("stream_options")) {
            (false, None) => Delivery::Whole,
            (true, None) => Delivery::Events,
            (true, Some(options)) => {
                let mut options = Fields::within(options, "stream_options")?;
                match options.is_asked("include_usage")? {
                    true => Delivery::EventsWithUsage,
                    false => Delivery::Events,
                }
            }
            (false, Some(_)) => {
                let message = "stream_options is for requests with \"stream\": true";
                return Err(ApiError::field("stream_options", message));
            }
        };
        Ok(Self {
            prompts,
            n: fields.integer("n", 1..=MOST_CHOICES)?.unwrap_or(1) as usize,
            max_tokens: None,
            choice: Choice::read(&mut fields)?,
            stops: stops(fields.take("stop"))?,
            echo: false,
            delivery,
        })
    }
}

impl Choice {
    fn read(fields: &mut Fields) -> Result<Self, ApiError> {
        Ok(Self {
            temperature: fields.number("temperature", 0.0..=2.0)?,
            top_p: fields.number("top_p", 0.0..=1.0)?,
            top_k: fields.integer("top_k", -1..=i64::MAX)?,
            min_p: fields.number("min_p", 0.0..=1.0)?,
            presence_penalty: fields.number("presence_penalty", -2.0..=2.0)?,
            frequency_penalty: fields.number("frequency_penalty", -2.0..=2.0)?,
            repetition_penalty: fields.number("repetition_penalty", 0.01..=100.0)?,
            seed: fields.integer("seed", i64::MIN..=i64::MAX)?,
        })
    }
}

/// A format of answers must be the plain one.
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
        let message = format!("stop has {} strings, and {MOST_STOPS} are allowed", stops.len());
        return Err(ApiError::field("stop", message));
    }
    if stops.iter().any(String::is_empty) {
        return Err(ApiError::field("stop", "stop has an empty string"));
    }
    if stops.iter().any(|stop| stop.len() > LONGEST_STOP) {
        let message = format!("stop has a string of more than {LONGEST_STOP} bytes");
        return Err(ApiError::field("stop", message));
    }
    Ok(stops)
}
