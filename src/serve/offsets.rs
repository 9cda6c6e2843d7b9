//! Character offsets of tokens in a text.

use crate::datasets::tokenizer::{TextStream, TokenizerError};

/// Tracks the length of a text that is decoded token by token.
#[derive(Debug, Clone)]
pub(super) struct Offsets {
    stream: TextStream,
    /// Characters that later tokens cannot change.
    settled: usize,
    /// The offset of the next token.
    at: usize,
}

/// The position of a token in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Begun {
    /// The number of characters before it.
    pub(super) offset: usize,
    /// The end of the text from the first character that later tokens may change.
    pub(super) piece: String,
}

impl Offsets {
    pub(super) fn new(stream: TextStream) -> Self {
        Self { stream, settled: 0, at: 0 }
    }

    /// Appends a token. Of several tokens of one character, the last one has it.
    pub(super) fn push(&mut self, token: u32) -> Result<Begun, TokenizerError> {
        let offset = self.at;
        let text = self.stream.push(token)?.unwrap_or_default();
        let rest = self.stream.rest()?;
        self.settled += text.chars().count();
        let whole = rest.trim_end_matches('\u{fffd}').chars().count();
        self.at = self.at.max(self.settled + whole);
        Ok(Begun { offset, piece: text + &rest })
    }

    /// The length of the text if it ends here.
    pub(super) fn end(&self) -> Result<usize, TokenizerError> {
        Ok(self.settled + self.stream.rest()?.chars().count())
    }
}
