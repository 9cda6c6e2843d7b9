//! Decodes the tokens of a response.

use std::collections::VecDeque;
use std::sync::Arc;

use super::echo::Echo;
use super::logprobs::{Entry, Names};
use super::offsets::Offsets;
use crate::datasets::tokenizer::{Place, TextStream, TokenizerError};
use crate::models::generate::{Event, Finish, TokenLogprobs};
use crate::pipeline::stop::{Found, StoppingStream};

/// A text that is being generated.
#[derive(Debug, Clone)]
pub(super) struct Transcript {
    stream: StoppingStream,
    /// The echoed prompt.
    echo: Echo,
    /// The token offsets, if log-probabilities are requested.
    scored: Option<Scored>,
}

/// The tokens of a text.
#[derive(Debug, Clone)]
struct Scored {
    names: Arc<Names>,
    offsets: Offsets,
    /// The number of characters of the echoed prompt.
    before: usize,
    /// The number of emitted characters.
    shown: usize,
    /// Tokens whose text has not been emitted.
    waiting: VecDeque<Entry>,
}

/// New text of a response.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Part {
    pub(super) text: String,
    /// The tokens of the text, if log-probabilities are requested.
    pub(super) entries: Vec<Entry>,
}

/// Why a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The model produced an EOS token, or a stop string was found.
    Stop,
    /// The maximum length was reached.
    Length,
}

/// The effect of a token on a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// The new text.
    pub(super) part: Part,
    /// Why the text ended, if it did.
    pub(super) end: Option<End>,
}

/// The outcome of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    GoesOn,
    Ends(End),
    /// A stop string was found; the text ends before it.
    IsCut,
}

impl Transcript {
    pub(super) fn new(stream: TextStream, stops: &[String], echo: Echo) -> Self {
        Self { stream: StoppingStream::new(stream, stops), echo, scored: None }
    }

    /// Also records tokens, with `stream` as their decoder.
    pub(super) fn with_names(self, names: Arc<Names>, stream: TextStream) -> Self {
        let (before, waiting) = (self.echo.text.chars().count(), VecDeque::new());
        let offsets = Offsets::new(stream);
        Self { scored: Some(Scored { names, offsets, before, shown: before, waiting }), ..self }
    }

    /// The echoed prompt, with the log-probabilities of its tokens if they were computed.
    pub(super) fn begin(&mut self, scores: Option<Vec<TokenLogprobs>>) -> Part {
        let echo = std::mem::take(&mut self.echo);
        let entries = scores.map_or(Vec::new(), |scores| echo.scored(scores));
        Part { text: echo.text, entries }
    }

    /// Appends a token.
    pub(super) fn extend(&mut self, event: Event) -> Result<Step, TokenizerError> {
        let (token, finish) = (event.token, event.finish);
        if let (Some(scored), Some(logprobs)) = (&mut self.scored, event.logprobs) {
            scored.push(token, finish, logprobs)?;
        }
        let (text, outcome) = self.show(token, finish)?;
        let entries = match &mut self.scored {
            Some(scored) => scored.show(&text, outcome),
            None => Vec::new(),
        };
        let end = match outcome {
            Outcome::GoesOn => None,
            Outcome::Ends(end) => Some(end),
            Outcome::IsCut => Some(End::Stop),
        };
        Ok(Step { part: Part { text, entries }, end })
    }

    /// The text that can be emitted after a token.
    fn show(
        &mut self,
        token: u32,
        finish: Option<Finish>,
    ) -> Result<(String, Outcome), TokenizerError> {
        let mut text = String::new();
        // The EOS token is not part of the text.
        if finish != Some(Finish::Eos) {
            match self.stream.push(token)?.found {
                Found::Text(more) => text = more,
                Found::End(last) => return Ok((last, Outcome::IsCut)),
            }
        }
        let end = match finish {
            None => return Ok((text, Outcome::GoesOn)),
            Some(Finish::Eos) => End::Stop,
            Some(Finish::Length) => End::Length,
        };
        Ok(match self.stream.clone().finish()?.found {
            Found::Text(more) => (text + &more, Outcome::Ends(end)),
            Found::End(last) => (text + &last, Outcome::IsCut),
        })
    }
}

impl Scored {
    fn push(
        &mut self,
        token: u32,
        finish: Option<Finish>,
        logprobs: TokenLogprobs,
    ) -> Result<(), TokenizerError> {
        let (offset, place) = match finish {
            Some(Finish::Eos) => (self.offsets.end()?, Place::Within),
            _ => {
                let begun = self.offsets.push(token)?;
                let is_first = self.before == 0 && begun.offset == 0;
                let first = || self.names.place_of_first(token, &begun.piece);
                (begun.offset, if is_first { first() } else { Place::Within })
            }
        };
        let offset = self.before + offset;
        self.waiting.push_back(Entry { token, offset, place, scores: Some(logprobs) });
        Ok(())
    }

    /// The tokens that are emitted with a text.
    fn show(&mut self, text: &str, outcome: Outcome) -> Vec<Entry> {
        self.shown += text.chars().count();
        let count = match outcome {
            Outcome::Ends(_) => self.waiting.len(),
            _ => self.waiting.iter().take_while(|entry| entry.offset < self.shown).count(),
        };
        self.waiting.drain(..count).collect()
    }
}
