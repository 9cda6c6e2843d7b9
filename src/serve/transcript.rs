//! From the tokens of a text to the text.

use std::collections::VecDeque;
use std::sync::Arc;

use super::echo::Echo;
use super::logprobs::{Entry, Names};
use super::offsets::Offsets;
use crate::datasets::tokenizer::{Place, TextStream, TokenizerError};
use crate::models::generate::{Event, Finish, TokenLogprobs};
use crate::pipeline::{Found, StoppingStream};

/// A text that is being written.
#[derive(Debug, Clone)]
pub(super) struct Transcript {
    stream: StoppingStream,
    /// What the text begins with.
    echo: Echo,
    /// Where its tokens lie, where log-probabilities are asked for.
    scored: Option<Scored>,
}

/// The tokens of a text.
#[derive(Debug, Clone)]
struct Scored {
    names: Arc<Names>,
    offsets: Offsets,
    /// Characters of the prompt, if the text begins with it.
    before: usize,
    /// Characters that were shown.
    shown: usize,
    /// Tokens whose text was not shown yet.
    waiting: VecDeque<Entry>,
}

/// What a text goes on with.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Part {
    pub(super) text: String,
    /// The tokens of the text, where log-probabilities are asked for.
    pub(super) entries: Vec<Entry>,
}

/// Why a text is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The model ended it, or it came to a stop string.
    Stop,
    /// It is as long as it may be.
    Length,
}

/// What a token leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    GoesOn,
    Ends(End),
    /// A stop string was found, and what comes from there on is no part of the text.
    IsCut,
}

impl Transcript {
    pub(super) fn new(stream: TextStream, stops: &[String], echo: Echo) -> Self {
        Self { stream: StoppingStream::new(stream, stops), echo, scored: None }
    }

    /// The same with its tokens, which `stream` decodes as well.
    pub(super) fn with_names(self, names: Arc<Names>, stream: TextStream) -> Self {
        let (before, waiting) = (self.echo.text.chars().count(), VecDeque::new());
        let offsets = Offsets::new(stream);
        Self { scored: Some(Scored { names, offsets, before, shown: before, waiting }), ..self }
    }

    /// What the text begins with, with the log-probabilities of the prompt's tokens if they were
    /// computed.
    pub(super) fn begin(&mut self, scores: Option<Vec<TokenLogprobs>>) -> Part {
        let echo = std::mem::take(&mut self.echo);
        let entries = scores.map_or(Vec::new(), |scores| echo.scored(scores));
        Part { text: echo.text, entries }
    }

    /// Adds a token: what it adds to the text, and whether the text is over.
    pub(super) fn extend(&mut self, event: Event) -> Result<(Part, Option<End>), TokenizerError> {
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
        Ok((Part { text, entries }, end))
    }

    /// What may be shown after a token.
    fn show(
        &mut self,
        token: u32,
        finish: Option<Finish>,
    ) -> Result<(String, Outcome), TokenizerError> {
        let mut text = String::new();
        // The token that ends a text is not part of it.
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

    /// The tokens that are shown with a text.
    fn show(&mut self, text: &str, outcome: Outcome) -> Vec<Entry> {
        self.shown += text.chars().count();
        let count = match outcome {
            Outcome::Ends(_) => self.waiting.len(),
            _ => self.waiting.iter().take_while(|entry| entry.offset < self.shown).count(),
        };
        self.waiting.drain(..count).collect()
    }
}
