//! Streaming of a generated text.

use super::PipelineError;
use super::stop::{Found, StoppingStream};
use super::text_generation::{TextEnding, WrittenText};
use crate::models::generate::BatchScheduler;

/// The pieces of a text as they are generated, in whole characters. Dropping the stream stops
/// generation.
///
/// The concatenated pieces equal the text of
/// [`TextGeneration::write`](super::TextGeneration::write).
pub struct TokenStream<'m> {
    scheduler: BatchScheduler<'m>,
    /// `None` after the last piece.
    stream: Option<StoppingStream>,
    tokens: usize,
    ending: Option<TextEnding>,
}

impl<'m> TokenStream<'m> {
    pub(super) fn new(scheduler: BatchScheduler<'m>, stream: StoppingStream) -> Self {
        Self { scheduler, stream: Some(stream), tokens: 0, ending: None }
    }

    /// The number of tokens generated so far, including an EOS token.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Why generation stopped, after it has.
    pub fn ending(&self) -> Option<TextEnding> {
        self.ending
    }

    /// The result, for the concatenated pieces.
    pub fn written(&self, text: String) -> WrittenText {
        let ending = self.ending.unwrap_or(TextEnding::Length);
        WrittenText { text, tokens: self.tokens, ending, score: None }
    }

    /// Generates one token; returns the piece that it completes.
    fn advance(&mut self) -> Result<Option<String>, PipelineError> {
        let events = self.scheduler.step()?;
        let (Some(event), Some(stream)) = (events.first(), &mut self.stream) else {
            self.ending = Some(TextEnding::Length);
            return Ok(None);
        };
        self.tokens += 1;
        self.ending = event.finish.map(TextEnding::from);
        let added = stream.push(event.token)?;
        if matches!(added.found, Found::End(_)) {
            self.ending = Some(TextEnding::Stop);
        }
        Ok(Some(added.text).filter(|piece| !piece.is_empty()))
    }
}

impl Iterator for TokenStream<'_> {
    type Item = Result<String, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ending.is_none() && !self.scheduler.is_empty() {
            match self.advance() {
                Ok(Some(piece)) => return Some(Ok(piece)),
                Ok(None) => {}
                Err(error) => {
                    self.ending = Some(TextEnding::Stop);
                    self.stream = None;
                    return Some(Err(error));
                }
            }
        }
        self.ending.get_or_insert(TextEnding::Length);
        match self.stream.take()?.finish() {
            Ok(rest) => (!rest.text.is_empty()).then_some(Ok(rest.text)),
            Err(error) => Some(Err(error.into())),
        }
    }
}
