//! A text piece by piece, as it is written.

use super::PipelineError;
use super::text_generation::{TextEnding, WrittenText};
use crate::datasets::tokenizer::TextStream;
use crate::models::generate::Batch;

/// The pieces of a text as they come, never a part of a character. Dropping it ends the writing.
///
/// All pieces together are the text of [`TextGeneration::write`](super::TextGeneration::write).
pub struct TokenStream<'m> {
    batch: Batch<'m>,
    /// `None` once the last piece was given out.
    stream: Option<TextStream>,
    stops: Stops,
    tokens: usize,
    ending: Option<TextEnding>,
}

impl<'m> TokenStream<'m> {
    pub(super) fn new(batch: Batch<'m>, stream: TextStream, stops: Stops) -> Self {
        Self { batch, stream: Some(stream), stops, tokens: 0, ending: None }
    }

    /// How many tokens were written so far, an end token included.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Why the text ends, once it has.
    pub fn ending(&self) -> Option<TextEnding> {
        self.ending
    }

    /// What was written, given the pieces together.
    pub fn written(&self, text: String) -> WrittenText {
        let ending = self.ending.unwrap_or(TextEnding::Length);
        WrittenText { text, tokens: self.tokens, ending, score: None }
    }

    /// Writes one token; the piece that it completes.
    fn advance(&mut self) -> Result<Option<String>, PipelineError> {
        let events = self.batch.step()?;
        let (Some(event), Some(stream)) = (events.first(), &mut self.stream) else {
            self.ending = Some(TextEnding::Length);
            return Ok(None);
        };
        self.tokens += 1;
        self.ending = event.finish.map(TextEnding::from);
        let piece = stream.push(event.token)?;
        if piece.as_ref().is_some_and(|piece| self.stops.come_with(piece)) {
            self.ending = Some(TextEnding::Stop);
        }
        Ok(piece)
    }
}

impl Iterator for TokenStream<'_> {
    type Item = Result<String, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ending.is_none() && !self.batch.is_empty() {
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
            Ok(rest) => (!rest.is_empty()).then_some(Ok(rest)),
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// Strings that end a text, and the end of the text that they are looked for in.
#[derive(Debug, Clone)]
pub(super) struct Stops {
    strings: Vec<String>,
    tail: String,
}

impl Stops {
    pub(super) fn new(strings: &[String]) -> Self {
        let strings = strings.iter().filter(|string| !string.is_empty()).cloned().collect();
        Self { strings, tail: String::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }

    /// Whether one of the strings ends within this piece, which may go on behind it.
    pub(super) fn come_with(&mut self, piece: &str) -> bool {
        let longest = self.strings.iter().map(String::len).max().unwrap_or(0);
        self.tail.push_str(piece);
        if self.strings.iter().any(|string| self.tail.contains(string)) {
            return true;
        }
        // A string that ends in a later piece begins at most so far back.
        let mut keep = self.tail.len().saturating_sub(longest);
        while !self.tail.is_char_boundary(keep) {
            keep -= 1;
        }
        self.tail.drain(..keep);
        false
    }

    /// Whether one of the strings is in a text that was without it a token ago.
    pub(super) fn is_at_end(&self, text: &str) -> bool {
        self.strings.iter().any(|string| text.contains(string))
    }
}

#[cfg(test)]
mod tests {
    use super::Stops;

    #[test]
    fn a_string_is_found_across_pieces() {
        let mut stops = Stops::new(&["stop".into(), "é!".into(), String::new()]);
        assert!(["las", "to"].iter().all(|piece| !stops.come_with(piece)));
        assert!(!stops.come_with(" psst é"));
        assert!(stops.come_with("!?"));
        let mut stops = Stops::new(&["stop".into()]);
        assert!(!stops.come_with("s") && !stops.come_with("to"));
        assert!(stops.come_with("pper"));
        assert!(!Stops::new(&[]).come_with("anything"));
    }
}
