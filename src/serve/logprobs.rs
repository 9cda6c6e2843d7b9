//! Log-probabilities in the format of OpenAI's API.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

use crate::datasets::tokenizer::{Place, Tokenizer};
use crate::models::generate::{TokenLogprob, TokenLogprobs};

/// The lower bound of log-probabilities, as in OpenAI's API: JSON has no infinity.
const LEAST: f64 = -9999.0;

/// A token of a response with its log-probabilities.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) token: u32,
    /// The offset of its text in the response, in characters.
    pub(super) offset: usize,
    pub(super) place: Place,
    /// `None` for the first token of a prompt, which has no context.
    pub(super) scores: Option<TokenLogprobs>,
}

/// The display names of tokens.
#[derive(Debug)]
pub(super) struct Names {
    tokenizer: Tokenizer,
    known: Mutex<HashMap<(u32, Place), Arc<Name>>>,
}

/// The display name of a token.
#[derive(Debug, PartialEq, Eq)]
struct Name {
    /// The text that it adds, or the name of a special token; a hexadecimal form for partial
    /// characters.
    text: Result<String, String>,
    /// The bytes that it adds to a text; `None` for special tokens, which add none.
    bytes: Option<Vec<u8>>,
}

impl Names {
    pub(super) fn new(tokenizer: Tokenizer) -> Self {
        Self { tokenizer, known: Mutex::default() }
    }

    /// The position of a token that added this piece to an empty text.
    pub(super) fn place_of_first(&self, token: u32, piece: &str) -> Place {
        let is =
            |place| self.tokenizer.token_bytes(token, place).as_deref() == Some(piece.as_bytes());
        if !is(Place::Within) && is(Place::Beginning) { Place::Beginning } else { Place::Within }
    }

    fn name(&self, token: u32, place: Place) -> Arc<Name> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Name::new(&self.tokenizer, token, place));
        known.entry((token, place)).or_insert_with(new).clone()
    }

    /// The `logprobs` of a completion.
    pub(super) fn of_completion(&self, entries: &[Entry]) -> Value {
        let chosen = |entry: &Entry| entry.scores.as_ref().map(|scores| shown(scores.chosen));
        let name = |entry: &Entry| self.name(entry.token, entry.place).in_completion();
        let top = |entry: &Entry| {
            let scores = entry.scores.as_ref()?;
            let mut top = Map::new();
            top.insert(name(entry), json!(shown(scores.chosen)));
            for &other in scores.top.iter().filter(|other| other.token != entry.token) {
                let name = self.name(other.token, entry.place).in_completion();
                // Two tokens can have the same text, such as a character and its byte token.
                let is_taken = top.contains_key(&name);
                let name = if is_taken { numbered(other.token) } else { name };
                top.insert(name, json!(shown(other)));
            }
            Some(top)
        };
        json!({
            "tokens": entries.iter().map(name).collect::<Vec<_>>(),
            "token_logprobs": entries.iter().map(chosen).collect::<Vec<_>>(),
            "top_logprobs": entries.iter().map(top).collect::<Vec<_>>(),
            "text_offset": entries.iter().map(|entry| entry.offset).collect::<Vec<_>>(),
        })
    }

    /// The `logprobs` of a chat message.
    pub(super) fn of_chat(&self, entries: &[Entry]) -> Value {
        let content = |entry: &Entry| {
            let scores = entry.scores.as_ref()?;
            let mut content = self.in_chat(scores.chosen, entry.place);
            let top = scores.top.iter().map(|&other| self.in_chat(other, entry.place));
            content["top_logprobs"] = top.collect();
            Some(content)
        };
        json!({ "content": entries.iter().filter_map(content).collect::<Vec<_>>(), "refusal": null })
    }

    fn in_chat(&self, token: TokenLogprob, place: Place) -> Value {
        let name = self.name(token.token, place);
        let (Ok(text) | Err(text)) = &name.text;
        json!({ "token": text, "logprob": shown(token), "bytes": name.bytes })
    }
}

impl Name {
    fn new(tokenizer: &Tokenizer, token: u32, place: Place) -> Self {
        let Some(bytes) = tokenizer.token_bytes(token, place) else {
            // Models can have more tokens than their tokenizers.
            return Self { text: Ok(numbered(token)), bytes: None };
        };
        if bytes.is_empty() {
            let written = tokenizer.token(token).unwrap_or_default();
            return Self { text: Ok(written), bytes: None };
        }
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        let text = std::str::from_utf8(&bytes).map(String::from).map_err(|_| hex(&bytes));
        Self { text, bytes: Some(bytes) }
    }

    fn in_completion(&self) -> String {
        match &self.text {
            Ok(text) => text.clone(),
            Err(hex) => format!("bytes:{hex}"),
        }
    }
}

fn numbered(token: u32) -> String {
    format!("token_id:{token}")
}

fn shown(token: TokenLogprob) -> f64 {
    token.logprob.max(LEAST)
}
