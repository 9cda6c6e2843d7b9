//! Responses with generated text, in the format of OpenAI's API.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::logprobs::{Entry, Names};
use super::transcript::{End, Part};

/// The endpoint whose format is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `/v1/completions`
    Completion,
    /// `/v1/chat/completions`
    Chat,
}

/// The common fields of a response and its chunks.
#[derive(Debug, Clone)]
pub(super) struct ResponseHeader {
    shape: Shape,
    id: String,
    created: u64,
    model: String,
    /// Formats tokens, if log-probabilities are requested.
    names: Option<Arc<Names>>,
}

/// A generated text of a response.
#[derive(Debug, Clone, Default)]
pub(super) struct Choice {
    pub(super) part: Part,
    pub(super) end: Option<End>,
}

/// The number of prompt and completion tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) prompt: usize,
    pub(super) completion: usize,
}

impl Usage {
    fn json(self) -> Value {
        json!({
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
        })
    }
}

/// Seconds since the Unix epoch.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl ResponseHeader {
    pub(super) fn new(shape: Shape, model: &str, names: Option<Arc<Names>>) -> Self {
        let kind = match shape {
            Shape::Completion => "cmpl",
            Shape::Chat => "chatcmpl",
        };
        let id = format!("{kind}-{:032x}", rand::random::<u128>());
        Self { shape, id, created: now(), model: model.to_string(), names }
    }

    /// A complete response.
    pub(super) fn whole(&self, choices: &[Choice], usage: Usage) -> Value {
        let choice = |(index, choice): (usize, &Choice)| {
            let text = &choice.part.text;
            let (field, content) = match self.shape {
                Shape::Completion => ("text", json!(text)),
                Shape::Chat => {
                    let message = json!({ "role": "assistant", "content": text, "refusal": null });
                    ("message", message)
                }
            };
            let mut entry = entry(index, field, content, choice.end);
            entry["logprobs"] = self.logprobs(&choice.part.entries);
            entry
        };
        let choices: Vec<Value> = choices.iter().enumerate().map(choice).collect();
        let mut answer = self.part(choices, "chat.completion");
        answer["usage"] = usage.json();
        answer
    }

    /// The first chunk of a text, which contains the role.
    pub(super) fn opening(&self, index: usize) -> Option<Value> {
        let delta = json!({ "role": "assistant", "content": "" });
        let entry = entry(index, "delta", delta, None);
        (self.shape == Shape::Chat).then(|| self.chunk(vec![entry]))
    }

    /// A chunk of a text.
    pub(super) fn piece(&self, index: usize, Part { text, entries }: &Part) -> Value {
        let (field, content) = match self.shape {
            Shape::Completion => ("text", json!(text)),
            Shape::Chat => ("delta", json!({ "content": text })),
        };
        let mut entry = entry(index, field, content, None);
        if !entries.is_empty() {
            entry["logprobs"] = self.logprobs(entries);
        }
        self.chunk(vec![entry])
    }

    /// Log-probabilities, or null if they are not requested.
    fn logprobs(&self, entries: &[Entry]) -> Value {
        match (&self.names, self.shape) {
            (None, _) => Value::Null,
            (Some(names), Shape::Completion) => names.of_completion(entries),
            (Some(names), Shape::Chat) => names.of_chat(entries),
        }
    }

    /// The last chunk of a text.
    pub(super) fn end(&self, index: usize, end: End) -> Value {
        let (field, content) = match self.shape {
            Shape::Completion => ("text", json!("")),
            Shape::Chat => ("delta", json!({})),
        };
        self.chunk(vec![entry(index, field, content, Some(end))])
    }

    /// The chunk after all texts, if usage is requested.
    pub(super) fn usage(&self, usage: Usage) -> Value {
        let mut chunk = self.chunk(Vec::new());
        chunk["usage"] = usage.json();
        chunk
    }

    fn chunk(&self, choices: Vec<Value>) -> Value {
        self.part(choices, "chat.completion.chunk")
    }

    fn part(&self, choices: Vec<Value>, of_chat: &str) -> Value {
        let object = match self.shape {
            Shape::Completion => "text_completion",
            Shape::Chat => of_chat,
        };
        json!({
            "id": self.id,
            "object": object,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        })
    }
}

/// A choice with one content field.
fn entry(index: usize, field: &str, content: Value, end: Option<End>) -> Value {
    let reason = end.map(|end| match end {
        End::Stop => "stop",
        End::Length => "length",
    });
    let mut entry = json!({ "index": index, "logprobs": null, "finish_reason": reason });
    entry[field] = content;
    entry
}
