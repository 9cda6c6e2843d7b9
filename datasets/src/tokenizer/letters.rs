//! Texts in small letters.

use tokenizers::NormalizerWrapper;
use tokenizers::normalizers::{Lowercase, Sequence};

use super::{Tokenizer, TokenizerError, failed};

impl Tokenizer {
    /// The same tokenizer for texts in small letters: they become small before anything else is done,
    /// but for the names of special tokens, as with `do_lower_case` in sentence-transformers.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] where an added token has no small form.
    pub fn lower_cased(&self) -> Result<Self, TokenizerError> {
        let lowercase = NormalizerWrapper::Lowercase(Lowercase);
        let normalizers = match self.inner.get_normalizer().cloned() {
            Some(NormalizerWrapper::Lowercase(_)) => return Ok(self.clone()),
            Some(normalizer) => vec![lowercase, normalizer],
            None => vec![lowercase],
        };
        let mut inner = self.inner.as_ref().clone();
        let normalizer = NormalizerWrapper::Sequence(Sequence::new(normalizers));
        inner.with_normalizer(Some(normalizer)).map_err(failed("make letters small"))?;
        Ok(Self::new(inner, self.config.clone()))
    }

    /// Whether a token is one with a meaning of its own, such as `[SEP]`.
    pub fn is_special(&self, id: u32) -> bool {
        let token = self.inner.id_to_token(id);
        token.is_some_and(|token| self.inner.get_added_vocabulary().is_special_token(&token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_become_small_and_special_tokens_stay() {
        let tokenizer = Tokenizer::train_bpe(["the cat"], 260).expect("a tokenizer");
        let small = tokenizer.lower_cased().expect("a tokenizer");
        let ids = |tokenizer: &Tokenizer, text: &str| tokenizer.encode(text).expect("ids");
        assert_ne!(ids(&tokenizer, "The CAT"), ids(&tokenizer, "the cat"));
        assert_eq!(ids(&small, "The CAT"), ids(&tokenizer, "the cat"));
        assert_eq!(ids(&small.lower_cased().expect("again"), "The CAT"), ids(&small, "the cat"));
        let end = small.eos().expect("an end");
        assert!(small.is_special(end) && !small.is_special(end - 1));
        assert_eq!(ids(&small, "A<|endoftext|>"), ids(&tokenizer, "a<|endoftext|>"));
        // Where every character is a token, capitals become known.
        let letters = Tokenizer::characters("abc".chars()).expect("a tokenizer");
        assert!(letters.encode("ABC").is_err());
        let small = letters.lower_cased().expect("a tokenizer");
        assert_eq!(ids(&small, "ABC"), ids(&letters, "abc"));
    }
}
