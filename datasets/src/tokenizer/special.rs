//! Tokens with a meaning of their own, and single tokens as text.

use serde_json::Value;
use tokenizers::{Decoder, ModelWrapper};

use super::guard::guarded;
use super::stream::{Cleanup, SPACED};
use super::{Tokenizer, TokenizerError, failed};

/// What `tokenizer_config.json` says where the clean-up of spaces holds for BPE, too.
const CLEANUP_FOR_BPE: &str =
    "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output";

/// A token with a meaning of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// Stands for a word that is to be found.
    Mask,
    /// Fills texts up.
    Padding,
    /// Stands for what has no token.
    Unknown,
    /// Begins a text, and stands for it as a whole.
    Class,
}

impl Special {
    /// What `tokenizer_config.json` calls it, and what it is usually written as.
    fn names(self) -> (&'static str, [&'static str; 2]) {
        match self {
            Self::Mask => ("mask_token", ["[MASK]", "<mask>"]),
            Self::Padding => ("pad_token", ["[PAD]", "<pad>"]),
            Self::Unknown => ("unk_token", ["[UNK]", "<unk>"]),
            Self::Class => ("cls_token", ["[CLS]", "<s>"]),
        }
    }
}

/// Whether special tokens are part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialTokens {
    /// They are written out.
    Written,
    /// They are left out.
    LeftOut,
}

impl Tokenizer {
    /// A special token and its id: what `tokenizer_config.json` names, or else one of the usual names
    /// among the special tokens of the vocabulary.
    pub fn special(&self, which: Special) -> Option<(String, u32)> {
        let (field, usual) = which.names();
        let named = match self.config.get(field) {
            Some(Value::Null) | None => None,
            Some(token) => token.as_str().or_else(|| token.get("content")?.as_str()),
        };
        let of = |token: &str| Some((token.to_owned(), self.inner.token_to_id(token)?));
        let is_special = |token: &&&str| self.inner.get_added_vocabulary().is_special_token(token);
        named.and_then(of).or_else(|| usual.iter().filter(is_special).find_map(|token| of(token)))
    }

    /// The longest text in tokens, if `tokenizer_config.json` says so.
    pub fn max_length(&self) -> Option<usize> {
        // Files without a limit name a number that no text reaches, such as 1e30.
        let length = self.config.get("model_max_length")?.as_f64()?;
        (1.0..1e9).contains(&length).then_some(length as usize)
    }

    /// The id of a token, as the vocabulary writes it.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// A token, as the vocabulary writes it.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownId`].
    pub fn token(&self, id: u32) -> Result<String, TokenizerError> {
        let token = self.inner.id_to_token(id);
        token.ok_or(TokenizerError::UnknownId { id, vocab_size: self.vocab_size })
    }

    /// Whether tokens that go on with a word are marked, as `##ing` is.
    pub fn marks_continuations(&self) -> bool {
        match self.inner.get_model() {
            ModelWrapper::WordPiece(model) => !model.continuing_subword_prefix.is_empty(),
            ModelWrapper::BPE(model) => {
                model.get_continuing_subword_prefix().as_ref().is_some_and(|mark| !mark.is_empty())
            }
            _ => false,
        }
    }

    /// The text of tokens as the vocabulary writes them.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] where the tokenizer's decoder fails.
    pub fn join(&self, tokens: Vec<String>) -> Result<String, TokenizerError> {
        match self.inner.get_decoder() {
            // The library counts down from the last of them.
            _ if tokens.is_empty() => Ok(String::new()),
            Some(decoder) => guarded(|| decoder.decode(tokens)).map_err(failed("decode")),
            None => Ok(tokens.join(" ")),
        }
    }

    /// The text of token ids, with or without the special tokens among them, and with the spaces
    /// that the tokenizer's file asks for. An id without a token is left out: models can have more
    /// tokens than their tokenizers.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] where the tokenizer's decoder fails.
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
                SPACED.iter().fold(text, |text, (spaced, without)| text.replace(spaced, without))
            }
            Cleanup::Nothing => text,
        })
    }

    /// Whether spaces before punctuation and English endings are taken out of decoded text.
    pub(super) fn cleans_up_spaces(&self) -> Cleanup {
        let is_on = |field: &str| self.config.get(field) == Some(&Value::Bool(true));
        // Tokens of BPE bring their own spaces, so that transformers wants to be told twice.
        let is_bpe = matches!(self.inner.get_model(), ModelWrapper::BPE(_));
        if is_on("clean_up_tokenization_spaces") && (!is_bpe || is_on(CLEANUP_FOR_BPE)) {
            Cleanup::Spaces
        } else {
            Cleanup::Nothing
        }
    }
}
