//! Tokens added to a ready tokenizer.

use tokenizers::{AddedToken, Tokenizer as Inner};

use super::codec::Tokenizer;
use super::error::{TokenizerError, failed};

impl Tokenizer {
    /// The same tokenizer with further tokens, which texts are split at first. Tokens that it has
    /// keep their ids, and new ones follow, as with `add_tokens` of transformers.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::EmptyToken`]; [`TokenizerError::Failed`] with the tokenizers of Marian and
    /// M2M100, whose ids are not in the order of their pieces.
    pub fn with_added_tokens(&self, tokens: &[String]) -> Result<Self, TokenizerError> {
        if tokens.iter().any(String::is_empty) {
            return Err(TokenizerError::EmptyToken);
        }
        let mut inner = self.growing()?;
        let added = tokens.iter().map(|token| AddedToken::from(token, false));
        inner.add_tokens(added).map_err(failed("add tokens"))?;
        Ok(Self::new(inner, self.config.clone()))
    }

    /// The library's tokenizer, to add tokens to.
    pub(super) fn growing(&self) -> Result<Inner, TokenizerError> {
        match self.surface.is_some() {
            true => {
                let reason = "tokenizers of Marian and M2M100 cannot grow";
                Err(failed("add tokens")(reason.into()))
            }
            false => Ok(self.inner.as_ref().clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_tokens_follow_and_split_texts() {
        let tokenizer = Tokenizer::train_bpe(["the cat and the dog"], 262).unwrap();
        let size = tokenizer.vocab_size() as u32;
        let tokens = ["<sea>", "the", "myocarditis"].map(String::from);
        let grown = tokenizer.with_added_tokens(&tokens).unwrap();
        // "the" is made of merges that are a token.
        let known = tokenizer.id("the").is_some() as u32;
        assert_eq!(grown.vocab_size() as u32, size + 3 - known);
        assert_eq!(grown.id("<sea>"), Some(size));
        let ids = grown.encode("a myocarditis<sea>").unwrap();
        assert_eq!(ids[ids.len() - 1], size);
        assert_eq!(grown.decode(&ids).unwrap(), "a myocarditis<sea>");
        assert!(!grown.is_special(size));
        assert_eq!(grown.encode("cat").unwrap(), tokenizer.encode("cat").unwrap());
        assert!(matches!(
            grown.with_added_tokens(&[String::new()]),
            Err(TokenizerError::EmptyToken)
        ));
        let folder = tempfile::tempdir().unwrap();
        grown.save(folder.path()).unwrap();
        let loaded = Tokenizer::load(folder.path()).unwrap();
        assert_eq!(loaded.encode("a myocarditis<sea>").unwrap(), ids);
    }
}
