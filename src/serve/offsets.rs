//! Where the tokens of a text begin in it.

use crate::datasets::tokenizer::{TextStream, TokenizerError};

/// Follows the length of a text that is decoded token by token.
#[derive(Debug, Clone)]
pub(super) struct Offsets {
    stream: TextStream,
    /// Characters that later tokens cannot change.
    settled: usize,
    /// Where the next token begins.
    at: usize,
}

/// A token's place in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Begun {
    /// Characters before it.
    pub(super) offset: usize,
    /// What the text, as far as later tokens may change it, ends with.
    pub(super) piece: String,
}

impl Offsets {
    pub(super) fn new(stream: TextStream) -> Self {
        Self { stream, settled: 0, at: 0 }
    }

    /// Takes a token. Of the tokens of one character, the last one has it.
    pub(super) fn push(&mut self, token: u32) -> Result<Begun, TokenizerError> {
        let offset = self.at;
        let text = self.stream.push(token)?.unwrap_or_default();
        let rest = self.stream.rest()?;
        self.settled += text.chars().count();
        let whole = rest.trim_end_matches('\u{fffd}').chars().count();
        self.at = self.at.max(self.settled + whole);
        Ok(Begun { offset, piece: text + &rest })
    }

    /// How long the text is if it ends here.
    pub(super) fn end(&self) -> Result<usize, TokenizerError> {
        Ok(self.settled + self.stream.rest()?.chars().count())
    }
}
