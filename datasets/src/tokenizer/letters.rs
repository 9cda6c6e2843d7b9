//! Lowercasing, and the test for special tokens.

use tokenizers::NormalizerWrapper;
use tokenizers::normalizers::{Lowercase, Sequence};

use super::codec::Tokenizer;
use super::error::{TokenizerError, failed};

impl Tokenizer {
    /// The same tokenizer, which lowercases texts first, except the names of special tokens, as
    /// with `do_lower_case` in sentence-transformers.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] if an added token has no lowercase form.
    pub fn lower_cased(&self) -> Result<Self, TokenizerError> {
        let lowercase = NormalizerWrapper::Lowercase(Lowercase);
        let normalizers = match self.inner.get_normalizer().cloned() {
            Some(NormalizerWrapper::Lowercase(_)) => return Ok(self.clone()),
            Some(normalizer) => vec![lowercase, normalizer],
            None => vec![lowercase],
        };
        let mut inner = self.inner.as_ref().clone();
        let normalizer = NormalizerWrapper::Sequence(Sequence::new(normalizers));
        inner.with_normalizer(Some(normalizer)).map_err(failed("lowercase texts"))?;
        Ok(Self::new(inner, self.config.clone()))
    }

    /// Whether a token is special, such as `[SEP]`.
    pub fn is_special(&self, id: u32) -> bool {
        let token = self.inner.id_to_token(id);
        token.is_some_and(|token| self.inner.get_added_vocabulary().is_special_token(&token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_lowercased_and_special_tokens_stay() {
        let tokenizer = Tokenizer::train_bpe(["the cat"], 260).expect("a tokenizer");
        let lower = tokenizer.lower_cased().expect("a tokenizer");
        let ids = |tokenizer: &Tokenizer, text: &str| tokenizer.encode(text).expect("ids");
        assert_ne!(ids(&tokenizer, "The CAT"), ids(&tokenizer, "the cat"));
        assert_eq!(ids(&lower, "The CAT"), ids(&tokenizer, "the cat"));
        assert_eq!(ids(&lower.lower_cased().expect("again"), "The CAT"), ids(&lower, "the cat"));
        let end = lower.eos().expect("an end");
        assert!(lower.is_special(end) && !lower.is_special(end - 1));
        assert_eq!(ids(&lower, "A<|endoftext|>"), ids(&tokenizer, "a<|endoftext|>"));
        // In a character vocabulary, uppercase letters become known.
        let letters = Tokenizer::characters("abc".chars()).expect("a tokenizer");
        assert!(letters.encode("ABC").is_err());
        let lower = letters.lower_cased().expect("a tokenizer");
        assert_eq!(ids(&lower, "ABC"), ids(&letters, "abc"));
    }
}
