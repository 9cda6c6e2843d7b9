//! Whole texts as a model reads them: with its special tokens, cut to its length.

use tokenizers::utils::truncation::TruncationParams;
use tokenizers::{PostProcessor, Tokenizer as Inner, TokenizerImpl};

use super::guard::guarded;
use super::{Tokenizer, TokenizerError, failed};

/// Turns whole texts into the ids that a model reads.
#[derive(Clone, Debug)]
pub struct Reader {
    inner: Inner,
    tokenizer: Tokenizer,
    max_length: usize,
}

/// A text as a model reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Token ids, special tokens included.
    pub ids: Vec<u32>,
    /// The type of each token: which of two texts it is of.
    pub types: Vec<u32>,
    /// Whether something was cut off.
    pub is_cut: bool,
}

impl Tokenizer {
    /// A reader of texts of up to `max_length` tokens, special tokens included. What the tokenizer's
    /// file says of cutting and padding does not hold.
    ///
    /// # Errors
    ///
    /// A length that leaves no room beside the special tokens.
    pub fn reader(&self, max_length: usize) -> Result<Reader, TokenizerError> {
        let mut inner: Inner = self.inner.as_ref().clone();
        let special = inner.get_post_processor().map_or(0, |added| added.added_tokens(false));
        if max_length <= special {
            let reason =
                format!("{max_length} tokens leave no room beside {special} special tokens");
            return Err(TokenizerError::Failed { action: "set the longest length", reason });
        }
        let truncation = TruncationParams { max_length, ..TruncationParams::default() };
        let cut: &mut TokenizerImpl<_, _, _, _, _> =
            inner.with_truncation(Some(truncation)).map_err(failed("set the longest length"))?;
        cut.with_padding(None);
        Ok(Reader { inner, tokenizer: self.clone(), max_length })
    }
}

impl Reader {
    /// The ids of a text, with the special tokens that the tokenizer's file puts around it.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownCharacter`] where the vocabulary is one of characters.
    pub fn read(&self, text: &str) -> Result<Encoding, TokenizerError> {
        if self.tokenizer.characters.is_some() {
            // Names the character that is not in the vocabulary, which the general way does not.
            self.tokenizer.encode(text)?;
        }
        let encode = || self.inner.encode_fast(text, true);
        let encoding = guarded(encode).map_err(failed("encode"))?;
        let own = encoding.get_special_tokens_mask().iter().filter(|mark| **mark == 0).count();
        Ok(Encoding {
            ids: encoding.get_ids().to_vec(),
            types: encoding.get_type_ids().to_vec(),
            // The library stops reading where it cuts, so only the whole text can tell.
            is_cut: encoding.len() >= self.max_length && self.tokenizer.encode(text)?.len() > own,
        })
    }
}
