//! The special tokens of new tokenizers, for what a model learns.

use tokenizers::AddedToken;

use super::codec::Tokenizer;
use super::error::{TokenizerError, failed};
use super::surround::{BART, Surrounding, T5, surround};

/// A special token of a new tokenizer.
struct NewToken {
    /// Its field in `tokenizer_config.json`.
    role: &'static str,
    text: &'static str,
}

const PAD: NewToken = NewToken { role: "pad_token", text: "<pad>" };
const END: NewToken = NewToken { role: "eos_token", text: "</s>" };
const BEGIN: NewToken = NewToken { role: "bos_token", text: "<s>" };
const CLASS: NewToken = NewToken { role: "cls_token", text: "<s>" };
const SEPARATOR: NewToken = NewToken { role: "sep_token", text: "</s>" };
const MASK: NewToken = NewToken { role: "mask_token", text: "<mask>" };

impl Tokenizer {
    /// The same tokenizer with T5's special tokens after its own: `<pad>`, `</s>` and `count`
    /// sentinels, the last of which is `<extra_id_0>`. Texts are encoded as `A </s>`.
    ///
    /// # Errors
    ///
    /// The tokens cannot be added.
    pub fn with_sentinels(self, count: usize) -> Result<Self, TokenizerError> {
        let sentinels = (0..count).rev().map(sentinel).collect();
        self.with_tokens(&[PAD, END], sentinels, &T5)
    }

    /// The same tokenizer with BART's special tokens after its own: `<s>`, `<pad>`, `</s>`, `<mask>`.
    /// Texts are encoded as `<s> A </s>`.
    ///
    /// # Errors
    ///
    /// The tokens cannot be added.
    pub fn with_denoising_tokens(self) -> Result<Self, TokenizerError> {
        let roles = [BEGIN, PAD, END, CLASS, SEPARATOR, MASK];
        self.with_tokens(&roles, Vec::new(), &BART)
    }

    /// The ids of the sentinels `<extra_id_0>`, `<extra_id_1>` … of the vocabulary, as far as they
    /// go: T5 has 100, most vocabularies have none.
    pub fn sentinels(&self) -> Vec<u32> {
        let id = |index: usize| {
            let name = sentinel(index);
            // In mT5's vocabulary, they are pieces.
            self.id(&name).or_else(|| self.id(&format!("\u{2581}{name}")))
        };
        (0..).map_while(id).collect()
    }

    /// Adds special tokens with roles, and others without.
    fn with_tokens(
        self,
        roles: &[NewToken],
        others: Vec<String>,
        around: &Surrounding,
    ) -> Result<Self, TokenizerError> {
        let mut inner = self.growing()?;
        let named = roles.iter().map(|token| AddedToken::from(token.text, true));
        let tokens = named.chain(others.iter().map(|text| AddedToken::from(text.as_str(), true)));
        inner.add_special_tokens(tokens).map_err(failed("build"))?;
        surround(&mut inner, around).map_err(failed("build"))?;
        let mut config = self.config;
        config.extend(roles.iter().map(|token| (token.role.to_owned(), token.text.into())));
        Ok(Self::new(inner, config))
    }
}

/// The name of a sentinel.
fn sentinel(index: usize) -> String {
    format!("<extra_id_{index}>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::{Frame, Special};

    #[test]
    fn sentinels_are_found_in_order() {
        let plain = Tokenizer::characters("abc".chars()).unwrap();
        assert!(plain.sentinels().is_empty() && plain.frame().unwrap().is_empty());
        let tokenizer = plain.with_sentinels(4).unwrap();
        assert_eq!(tokenizer.sentinels(), [8, 7, 6, 5]);
        assert_eq!((tokenizer.eos(), tokenizer.vocab_size()), (Some(4), 9));
        assert_eq!(tokenizer.frame().unwrap(), Frame { before: vec![], after: vec![4] });
        assert_eq!(tokenizer.encode("ab<extra_id_1>c").unwrap(), [0, 1, 7, 2]);
        assert!(tokenizer.boundaries().is_special(8) && !tokenizer.boundaries().is_special(2));
    }

    #[test]
    fn a_denoising_tokenizer_is_saved_and_loaded_with_its_tokens() {
        let bpe = Tokenizer::train_bpe(["the cat"], 260).unwrap();
        let tokenizer = bpe.with_denoising_tokens().unwrap();
        let folder = tempfile::tempdir().unwrap();
        tokenizer.save(folder.path()).unwrap();
        let loaded = Tokenizer::load(folder.path()).unwrap();
        let id = |token| loaded.id(token).unwrap();
        let frame = Frame { before: vec![id("<s>")], after: vec![id("</s>")] };
        assert_eq!(loaded.frame().unwrap(), frame);
        assert_eq!(frame.around(&[1, 2]), [id("<s>"), 1, 2, id("</s>")]);
        assert_eq!(loaded.special(Special::Mask).unwrap().id, id("<mask>"));
        assert_eq!(loaded.eos(), Some(id("</s>")));
    }
}
