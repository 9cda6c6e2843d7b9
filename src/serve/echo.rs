//! Prompts that are echoed in completions.

use super::logprobs::{Entry, Names};
use super::offsets::{Begun, Offsets};
use crate::datasets::tokenizer::{Encoding, Place, SpecialTokens, Tokenizer, TokenizerError};
use crate::models::generate::TokenLogprobs;

/// A prompt that is echoed.
#[derive(Debug, Clone, Default)]
pub(super) struct Echo {
    pub(super) text: String,
    tokens: Vec<EchoToken>,
}

#[derive(Debug, Clone, Copy)]
struct EchoToken {
    token: u32,
    /// The offset of its text, in characters.
    offset: usize,
    place: Place,
}

impl Echo {
    /// An echoed text prompt.
    pub(super) fn of_text(text: String, encoding: &Encoding, names: &Names) -> Self {
        let is_special = |index: usize| encoding.texts[index].is_none();
        let mut starts = Vec::with_capacity(encoding.ids.len() + 1);
        let mut at = 0;
        let mut text_tokens = (0..encoding.ids.len()).filter(|&index| !is_special(index)).skip(1);
        for index in 0..encoding.ids.len() {
            starts.push(at);
            if is_special(index) {
                continue;
            }
            // Leading spaces belong to the token after them; of several tokens of one character,
            // the last one has it.
            let end = encoding.spans[index].end;
            let next = text_tokens.next().map_or(end, |next| encoding.spans[next].start);
            at = at.max(end.min(next));
        }
        starts.push(at);
        let characters: Vec<char> = text.chars().collect();
        let piece = |index: usize| -> String {
            let range = starts[index]..starts[index + 1].min(characters.len());
            characters.get(range).unwrap_or_default().iter().collect()
        };
        let token = |(index, &token): (usize, &u32)| {
            let offset = starts[index];
            let place = match offset {
                0 => names.place_of_first(token, &piece(index)),
                _ => Place::Within,
            };
            EchoToken { token, offset, place }
        };
        let tokens = encoding.ids.iter().enumerate().map(token).collect();
        Self { text, tokens }
    }

    /// An echoed prompt of token IDs.
    ///
    /// # Errors
    ///
    /// The tokenizer's decoder fails.
    pub(super) fn of_ids(
        ids: &[u32],
        tokenizer: &Tokenizer,
        names: &Names,
    ) -> Result<Self, TokenizerError> {
        let mut offsets = Offsets::new(tokenizer.stream());
        let mut tokens = Vec::with_capacity(ids.len());
        for &token in ids {
            let Begun { offset, piece } = offsets.push(token)?;
            let place = match offset {
                0 => names.place_of_first(token, &piece),
                _ => Place::Within,
            };
            tokens.push(EchoToken { token, offset, place });
        }
        let text = tokenizer.decode_with(ids, SpecialTokens::LeftOut)?;
        Ok(Self { text, tokens })
    }

    /// The prompt's tokens with their log-probabilities; the first token has none.
    pub(super) fn scored(&self, scores: Vec<TokenLogprobs>) -> Vec<Entry> {
        let scores = std::iter::once(None).chain(scores.into_iter().map(Some));
        let entry = |(token, scores): (&EchoToken, _)| {
            let EchoToken { token, offset, place } = *token;
            Entry { token, offset, place, scores }
        };
        self.tokens.iter().zip(scores).map(entry).collect()
    }
}
