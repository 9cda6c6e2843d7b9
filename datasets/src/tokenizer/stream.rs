//! Decoding while the ids are still coming.

use super::guard::guarded;
use super::{Tokenizer, TokenizerError, failed};
use tokenizers::step_decode_stream;

/// Turns ids that come one by one into text, never in the middle of a character.
///
/// A character of several bytes may be spread over several tokens; it comes out with the last of
/// them. All pieces together are what [`Tokenizer::decode`] makes of all ids together.
#[derive(Clone, Debug)]
pub struct TextStream {
    tokenizer: Tokenizer,
    /// The ids of the last piece, and those that gave no text yet.
    ids: Vec<u32>,
    /// The text of the last piece, which shows the decoder what stands before the next one.
    before: String,
    /// How many of `ids` made `before`.
    before_ids: usize,
}

impl TextStream {
    pub(super) fn new(tokenizer: Tokenizer) -> Self {
        Self { tokenizer, ids: Vec::new(), before: String::new(), before_ids: 0 }
    }

    /// The text that `id` completes; `None` while it takes more ids, for special tokens, and for ids
    /// without a token: models can have more tokens than their tokenizers.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] where the tokenizer's decoder fails.
    pub fn push(&mut self, id: u32) -> Result<Option<String>, TokenizerError> {
        if self.tokenizer.token(id).is_err() {
            return Ok(None);
        }
        let step = || {
            step_decode_stream(
                &self.tokenizer.inner,
                vec![id],
                true,
                &mut self.ids,
                &mut self.before,
                &mut self.before_ids,
            )
        };
        guarded(step).map_err(failed("decode"))
    }

    /// What is left at the end: U+FFFD for a character that was begun and not finished, or nothing.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] where the tokenizer's decoder fails.
    pub fn finish(self) -> Result<String, TokenizerError> {
        let text = self.tokenizer.decode(&self.ids)?;
        Ok(text.strip_prefix(&self.before).unwrap_or_default().to_owned())
    }
}
