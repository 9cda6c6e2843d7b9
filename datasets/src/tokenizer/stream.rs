//! Incremental decoding of token ids.

mod bytes;
mod literal;
mod stage;

use std::sync::Arc;

use tokenizers::Tokenizer as Inner;

use self::stage::Chain;
pub(super) use self::stage::{Cleanup, SPACED};
use super::codec::Tokenizer;
use super::error::TokenizerError;

/// Decodes token ids one by one. A piece is text that later ids can no longer change.
///
/// The concatenated pieces equal [`Tokenizer::decode_with`] for all ids without special tokens. A
/// character of several tokens, a run of byte tokens, or a space that the clean-up may remove is
/// held back until it is final. The cost is linear in the number of tokens.
#[derive(Clone, Debug)]
pub struct TextStream {
    inner: Arc<Inner>,
    chain: Chain,
    /// The end of the prompt's text that later ids can change.
    prompt_rest: String,
}

impl Tokenizer {
    /// Starts incremental decoding.
    pub fn stream(&self) -> TextStream {
        let decoder = self.inner.get_decoder();
        let chain = Chain::new(decoder, self.cleans_up_spaces());
        TextStream { inner: self.inner.clone(), chain, prompt_rest: String::new() }
    }

    /// Starts incremental decoding of ids that continue a prompt. The prompt's text followed by the
    /// pieces is the text of all ids: the leading space that a first token would lose is kept.
    ///
    /// If the continuation changes the end of the prompt's text (by completing a character), the
    /// pieces begin where the two texts differ.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] if the tokenizer's decoder fails.
    pub fn stream_after(&self, prompt: &[u32]) -> Result<TextStream, TokenizerError> {
        let mut stream = self.stream();
        for &id in prompt {
            stream.push(id)?;
        }
        stream.prompt_rest = stream.clone().finish()?;
        Ok(stream)
    }
}

impl TextStream {
    /// The text that becomes final with `id`; `None` while later ids can change it, for special
    /// tokens, and for ids without a token: a model can have more tokens than its tokenizer.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] if the tokenizer's decoder fails.
    pub fn push(&mut self, id: u32) -> Result<Option<String>, TokenizerError> {
        let Some(token) = self.inner.id_to_token(id) else { return Ok(None) };
        if self.inner.get_added_vocabulary().is_special_token(&token) {
            return Ok(None);
        }
        let text = self.chain.push(token)?;
        Ok(Some(self.after_prompt(text)).filter(|text| !text.is_empty()))
    }

    /// The remaining text if the ids ended here: U+FFFD for an incomplete character, a space that
    /// was held back, or an empty string.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] if the tokenizer's decoder fails.
    pub fn rest(&self) -> Result<String, TokenizerError> {
        self.clone().finish()
    }

    /// The last piece.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] if the tokenizer's decoder fails.
    pub fn finish(mut self) -> Result<String, TokenizerError> {
        let text = self.chain.finish()?;
        Ok(self.after_prompt(text))
    }

    /// The content of a special token, which the decoded text omits.
    pub fn special(&self, id: u32) -> Option<String> {
        let token = self.inner.id_to_token(id)?;
        self.inner.get_added_vocabulary().is_special_token(&token).then_some(token)
    }

    /// Removes the prompt's part from final text.
    fn after_prompt(&mut self, text: String) -> String {
        if self.prompt_rest.is_empty() || text.is_empty() {
            return text;
        }
        let both = text.chars().zip(self.prompt_rest.chars());
        let common: usize =
            both.take_while(|(new, old)| new == old).map(|(new, _)| new.len_utf8()).sum();
        if common < text.len() {
            self.prompt_rest.clear();
        } else {
            self.prompt_rest.drain(..common);
        }
        text[common..].to_owned()
    }
}
