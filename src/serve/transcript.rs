//! From the tokens of a text to the text.

use crate::datasets::tokenizer::{TextStream, TokenizerError};
use crate::models::generate::Finish;
use crate::pipeline::{Found, StoppingStream};

/// A text that is being written.
#[derive(Debug, Clone)]
pub(super) struct Transcript {
    stream: StoppingStream,
}

/// Why a text is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The model ended it, or it came to a stop string.
    Stop,
    /// It is as long as it may be.
    Length,
}

impl Transcript {
    pub(super) fn new(stream: TextStream, stops: &[String]) -> Self {
        Self { stream: StoppingStream::new(stream, stops) }
    }

    /// Adds a token: what it adds to the text, and whether the text is over.
    pub(super) fn extend(
        &mut self,
        token: u32,
        finish: Option<Finish>,
    ) -> Result<(String, Option<End>), TokenizerError> {
        let mut text = String::new();
        // The token that ends a text is not part of it.
        if finish != Some(Finish::Eos) {
            match self.stream.push(token)?.found {
                Found::Text(more) => text = more,
                Found::End(last) => return Ok((last, Some(End::Stop))),
            }
        }
        let end = match finish {
            None => return Ok((text, None)),
            Some(Finish::Eos) => End::Stop,
            Some(Finish::Length) => End::Length,
        };
        match self.stream.clone().finish()?.found {
            Found::Text(more) => Ok((text + &more, Some(end))),
            Found::End(last) => Ok((text + &last, Some(End::Stop))),
        }
    }
}
