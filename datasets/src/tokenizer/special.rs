//! Special tokens, and decoding of single tokens.

use serde_json::Value;
use tokenizers::{Decoder, ModelWrapper};

use super::codec::Tokenizer;
use super::error::{TokenizerError, failed};
use super::guard::guarded;
use super::stream::{Cleanup, SPACED};

/// The field of `tokenizer_config.json` that enables the clean-up of spaces for BPE.
const CLEANUP_FOR_BPE: &str =
    "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output";

/// A kind of special token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// The mask token of masked language modeling.
    Mask,
    /// Pads texts to a common length.
    Padding,
    /// Replaces text outside the vocabulary.
    Unknown,
    /// Begins a text, and represents it as a whole.
    Class,
}

impl Special {
    /// Its field in `tokenizer_config.json`, and its common names.
    fn names(self) -> (&'static str, [&'static str; 2]) {
        match self {
            Self::Mask => ("mask_token", ["[MASK]", "<mask>"]),
            Self::Padding => ("pad_token", ["[PAD]", "<pad>"]),
            Self::Unknown => ("unk_token", ["[UNK]", "<unk>"]),
            Self::Class => ("cls_token", ["[CLS]", "<s>"]),
        }
    }
}

/// A special token of a vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialToken {
    /// Its text, such as `[MASK]`.
    pub text: String,
    /// Its id.
    pub id: u32,
}

/// Whether decoding includes special tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialTokens {
    /// Special tokens are included.
    Written,
    /// Special tokens are omitted.
    LeftOut,
}

impl Tokenizer {
    /// A special token: the one named in `tokenizer_config.json`, or else one of the
    /// common names among the special tokens of the vocabulary.
    pub fn special(&self, which: Special) -> Option<SpecialToken> {
        let (field, usual) = which.names();
        let named = match self.config.get(field) {
            Some(Value::Null) | None => None,
            Some(token) => token.as_str().or_else(|| token.get("content")?.as_str()),
        };
        let of = |text: &str| {
            Some(SpecialToken { text: text.to_owned(), id: self.inner.token_to_id(text)? })
        };
        let is_special = |token: &&&str| self.inner.get_added_vocabulary().is_special_token(token);
        named.and_then(of).or_else(|| usual.iter().filter(is_special).find_map(|token| of(token)))
    }

    /// The maximum length in tokens, if `tokenizer_config.json` specifies one.
    pub fn max_length(&self) -> Option<usize> {
        // Files without a limit specify a huge number, such as 1e30.
        let length = self.config.get("model_max_length")?.as_f64()?;
        (1.0..1e9).contains(&length).then_some(length as usize)
    }

    /// The id of a token in its vocabulary form.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The vocabulary form of a token.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownId`].
    pub fn token(&self, id: u32) -> Result<String, TokenizerError> {
        let token = self.inner.id_to_token(id);
        token.ok_or(TokenizerError::UnknownId { id, vocab_size: self.vocab_size })
    }

    /// Whether tokens that continue a word have a prefix, such as `##ing`.
    pub fn marks_continuations(&self) -> bool {
        match self.inner.get_model() {
            ModelWrapper::WordPiece(model) => !model.continuing_subword_prefix.is_empty(),
            ModelWrapper::BPE(model) => model
                .get_continuing_subword_prefix()
                .as_ref()
                .is_some_and(|prefix| !prefix.is_empty()),
            _ => false,
        }
    }

    /// Decodes tokens in their vocabulary form.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] if the tokenizer's decoder fails.
    pub fn join(&self, tokens: Vec<String>) -> Result<String, TokenizerError> {
        match self.inner.get_decoder() {
            // The library's index underflows on an empty list.
            _ if tokens.is_empty() => Ok(String::new()),
            Some(decoder) => guarded(|| decoder.decode(tokens)).map_err(failed("decode")),
            None => Ok(tokens.join(" ")),
        }
    }

    /// The text of token ids, without special tokens: [`Tokenizer::decode_with`] with checked ids.
    ///
    /// Bytes that are not UTF-8 become U+FFFD, the replacement character.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownId`]; [`TokenizerError::Failed`] if the tokenizer's decoder fails.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        for &id in ids {
            self.check_id(id)?;
        }
        self.decode_with(ids, SpecialTokens::LeftOut)
    }

    /// The text of token ids, with or without special tokens, after the clean-up of spaces that the
    /// tokenizer's file specifies. Ids without a token are omitted: a model can have more tokens
    /// than its tokenizer.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] if the tokenizer's decoder fails.
    pub fn decode_with(
        &self,
        ids: &[u32],
        special: SpecialTokens,
    ) -> Result<String, TokenizerError> {
        let added = self.inner.get_added_vocabulary();
        let is_written =
            |token: &String| special == SpecialTokens::Written || !added.is_special_token(token);
        let tokens = ids.iter().filter_map(|&id| self.inner.id_to_token(id)).filter(is_written);
        let text = self.join(tokens.collect())?;
        Ok(match self.cleans_up_spaces() {
            Cleanup::Spaces => {
                SPACED.iter().fold(text, |text, spaced| text.replace(spaced.text, spaced.clean))
            }
            Cleanup::Nothing => text,
        })
    }

    /// Whether decoding removes spaces before punctuation and English contractions.
    pub(super) fn cleans_up_spaces(&self) -> Cleanup {
        let is_on = |field: &str| self.config.get(field) == Some(&Value::Bool(true));
        // BPE tokens include their spaces, so transformers requires a second flag.
        let is_bpe = matches!(self.inner.get_model(), ModelWrapper::BPE(_));
        if is_on("clean_up_tokenization_spaces") && (!is_bpe || is_on(CLEANUP_FOR_BPE)) {
            Cleanup::Spaces
        } else {
            Cleanup::Nothing
        }
    }
}
