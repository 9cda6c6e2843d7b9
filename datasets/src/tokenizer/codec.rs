//! The tokenizer itself: encoding, and what its vocabulary is.

use super::characters::Characters;
use super::config::eos_token;
use super::end_of_text::END_OF_TEXT;
use super::error::{TokenizerError, failed};
use super::guard::guarded;
use super::parts::parts;
use super::surface::Surface;
use std::sync::Arc;
use tokenizers::Tokenizer as Inner;

/// Encodes text as token ids and decodes it. Cheap to clone.
///
/// # Example
///
/// ```
/// use zoo_datasets::tokenizer::Tokenizer;
///
/// # fn main() -> Result<(), zoo_datasets::tokenizer::TokenizerError> {
/// let tokenizer = Tokenizer::characters("hello".chars())?;
/// let ids = tokenizer.encode("hole")?;
/// assert_eq!(ids, [1, 3, 2, 0]); // e h l o
/// assert_eq!(tokenizer.decode(&ids)?, "hole");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Tokenizer {
    pub(super) inner: Arc<Inner>,
    /// The content of `tokenizer_config.json`.
    pub(super) config: serde_json::Map<String, serde_json::Value>,
    pub(super) vocab_size: usize,
    pub(super) eos: Option<u32>,
    /// The whole vocabulary of a tokenizer whose tokens are single characters.
    pub(super) characters: Option<Arc<Characters>>,
    /// SentencePiece behavior that the tokenizers library lacks.
    pub(super) surface: Option<Arc<Surface>>,
}

impl Tokenizer {
    pub(super) fn new(inner: Inner, config: serde_json::Map<String, serde_json::Value>) -> Self {
        let vocabulary = inner.get_vocab(true);
        let vocab_size = vocabulary.values().max().map_or(0, |&id| id as usize + 1);
        let eos = eos_token(&config)
            .and_then(|token| vocabulary.get(token))
            .or_else(|| [END_OF_TEXT, "</s>"].iter().find_map(|token| vocabulary.get(*token)))
            .copied();
        let characters = Characters::of(&inner).map(Arc::new);
        Self { inner: Arc::new(inner), config, vocab_size, eos, characters, surface: None }
    }

    /// Excludes pieces that map to the unknown token from the vocabulary size.
    pub(super) fn limited(self) -> Self {
        let limit = self.surface.as_ref().map_or(usize::MAX, |surface| surface.limit() as usize);
        Self { vocab_size: self.vocab_size.min(limit), ..self }
    }

    /// The token ids of a text, without added special tokens.
    ///
    /// The name of a special token within the text is encoded as that token, as in transformers.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownCharacter`] with a character vocabulary.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        if let Some(characters) = &self.characters {
            return characters.encode(text);
        }
        if let Some(surface) = &self.surface {
            let tokens = guarded(|| surface.tokens(&self.inner, text)).map_err(failed("encode"))?;
            return Ok(tokens.get_ids().to_vec());
        }
        let mut ids = Vec::new();
        for part in parts(&self.inner, text) {
            let encode = || self.inner.encode_fast(part, false);
            let encoding = guarded(encode).map_err(failed("encode"))?;
            ids.extend_from_slice(encoding.get_ids());
        }
        Ok(ids)
    }

    /// One more than the largest token id: the number of rows that an embedding needs.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// The id of the end-of-text token, if there is one.
    ///
    /// The `eos_token` of `tokenizer_config.json`; if the vocabulary lacks it, `<|endoftext|>` or
    /// `</s>`.
    pub fn eos(&self) -> Option<u32> {
        self.eos
    }

    pub(super) fn check_id(&self, id: u32) -> Result<(), TokenizerError> {
        match self.inner.id_to_token(id).filter(|_| (id as usize) < self.vocab_size) {
            Some(_) => Ok(()),
            None => Err(TokenizerError::UnknownId { id, vocab_size: self.vocab_size }),
        }
    }
}
