//! Added tokens, as the JSON files next to a vocabulary describe them.

use serde_json::Value;
use tokenizers::AddedToken;

/// A token: only its text, or also its matching options.
///
/// If both forms occur, transformers adds both, and the last one takes precedence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Named {
    Text(String),
    Token(Token),
}

/// An added token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Token {
    pub(super) content: String,
    pub(super) single_word: bool,
    pub(super) lstrip: bool,
    pub(super) rstrip: bool,
    /// Whether it matches normalized text; `None` means yes unless it is special.
    pub(super) normalized: Option<bool>,
    pub(super) special: bool,
}

impl Token {
    pub(super) fn new(content: &str) -> Self {
        Self { content: content.to_owned(), ..Self::default() }
    }

    /// A special token, which is never normalized.
    pub(super) fn special(content: &str) -> Self {
        Self { special: true, ..Self::new(content) }
    }

    /// An object with `content`.
    pub(super) fn from_value(value: &Value) -> Option<Self> {
        let flag = |name: &str| value.get(name).and_then(Value::as_bool);
        Some(Self {
            content: value.get("content")?.as_str()?.to_owned(),
            single_word: flag("single_word").unwrap_or(false),
            lstrip: flag("lstrip").unwrap_or(false),
            rstrip: flag("rstrip").unwrap_or(false),
            normalized: flag("normalized"),
            special: flag("special").unwrap_or(false),
        })
    }

    pub(super) fn into_added(self) -> AddedToken {
        AddedToken {
            content: self.content,
            single_word: self.single_word,
            lstrip: self.lstrip,
            rstrip: self.rstrip,
            normalized: self.normalized.unwrap_or(!self.special),
            special: self.special,
        }
    }
}

impl Named {
    /// A text, or an object with `content`.
    pub(super) fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.clone())),
            _ => Token::from_value(value).map(Self::Token),
        }
    }

    pub(super) fn content(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Token(token) => &token.content,
        }
    }
}
