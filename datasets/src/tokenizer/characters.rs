//! Tokenizers whose tokens are single characters: encoding by one lookup each.
//!
//! The library splits a text with a regular expression and keeps an alignment for each piece, which
//! takes seconds per megabyte.

use std::collections::HashMap;

use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{
    AddedToken, Encoding as Tokens, ModelWrapper, PreTokenizerWrapper, SplitDelimiterBehavior,
    Tokenizer as Inner,
};

use super::error::TokenizerError;

/// The vocabulary of a character tokenizer.
#[derive(Debug)]
pub(super) struct Characters {
    ids: HashMap<char, u32>,
    /// Special tokens, whose names within a text are these tokens; the longest first.
    special: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    text: String,
    id: u32,
}

/// A token of a text: a character or the name of a special token.
struct Found<'t> {
    id: u32,
    text: &'t str,
}

impl Characters {
    /// The vocabulary of a tokenizer, if encoding is a lookup of each character.
    pub(super) fn of(inner: &Inner) -> Option<Self> {
        let is_plain = matches!(inner.get_model(), ModelWrapper::WordLevel(_))
            && inner.get_normalizer().is_none();
        let splits = match (inner.get_pre_tokenizer(), single_character_split()) {
            (Some(PreTokenizerWrapper::Split(split)), Ok(expected)) => *split == expected,
            _ => false,
        };
        if !is_plain || !splits {
            return None;
        }
        let mut special = Vec::new();
        for (&id, token) in inner.get_added_vocabulary().get_added_tokens_decoder() {
            let AddedToken { content, single_word, lstrip, rstrip, special: is_special, .. } =
                token;
            if *single_word || *lstrip || *rstrip || !is_special || content.is_empty() {
                return None;
            }
            special.push(Name { text: content.clone(), id });
        }
        special.sort_by_key(|name| std::cmp::Reverse(name.text.len()));
        let is_name = |token: &str| special.iter().any(|name| name.text == token);
        let single = |(token, id): (String, u32)| {
            let mut characters = token.chars();
            let character = characters.next()?;
            characters.next().is_none().then_some((character, id))
        };
        let vocabulary = inner.get_vocab(true).into_iter().filter(|(token, _)| !is_name(token));
        let ids = vocabulary.map(single).collect::<Option<_>>()?;
        Some(Self { ids, special })
    }

    /// The ids of a text.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownCharacter`].
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = Vec::with_capacity(text.len());
        self.each(text, &mut |found| ids.push(found.id))?;
        Ok(ids)
    }

    /// The tokens of a text, with offsets in characters.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::UnknownCharacter`].
    pub(super) fn tokens(&self, text: &str) -> Result<Tokens, TokenizerError> {
        let (mut ids, mut texts, mut offsets) = (Vec::new(), Vec::new(), Vec::new());
        let mut at = 0;
        self.each(text, &mut |found| {
            let length = found.text.chars().count();
            ids.push(found.id);
            texts.push(found.text.to_owned());
            offsets.push((at, at + length));
            at += length;
        })?;
        let count = ids.len();
        let words = (0..count).map(|word| u32::try_from(word).ok()).collect();
        let (types, special, mask) = (vec![0; count], vec![0; count], vec![1; count]);
        let (more, ranges) = (Vec::new(), Default::default());
        Ok(Tokens::new(ids, types, texts, words, offsets, special, mask, more, ranges))
    }

    /// The last place to cut the beginning of a text, such that no name of a special token is on both
    /// sides.
    pub(super) fn last_cut(&self, text: &str) -> Option<usize> {
        let longest = self.special.first().map_or(0, |name| name.text.len());
        // A name that is not yet complete may follow.
        let last = text.len().saturating_sub(longest.saturating_sub(1));
        let is_cut = |place: usize, name: &Name| {
            let begin = place.saturating_sub(name.text.len() - 1);
            (begin..place).any(|at| text.as_bytes()[at..].starts_with(name.text.as_bytes()))
        };
        (1..=last).rev().find(|&place| {
            text.is_char_boundary(place) && !self.special.iter().any(|name| is_cut(place, name))
        })
    }

    fn each<'t>(
        &self,
        text: &'t str,
        receive: &mut dyn FnMut(Found<'t>),
    ) -> Result<(), TokenizerError> {
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let name = self.special.iter().find(|name| rest.starts_with(name.text.as_str()));
            let id = name.map(|name| name.id).or_else(|| self.ids.get(&character).copied());
            let length = name.map_or(character.len_utf8(), |name| name.text.len());
            let id = id.ok_or_else(|| TokenizerError::UnknownCharacter {
                character,
                offset: text.len() - rest.len(),
                vocab_size: self.ids.len(),
            })?;
            let (found, after) = rest.split_at(length);
            receive(Found { id, text: found });
            rest = after;
        }
        Ok(())
    }
}

/// Splits a text into its characters.
// Not `.`, which does not match newlines, nor `(?s).`, whose syntax differs between Python and
// Rust.
pub(super) fn single_character_split() -> tokenizers::Result<Split> {
    let any = SplitPattern::Regex(r"[\s\S]".to_owned());
    Split::new(any, SplitDelimiterBehavior::Isolated, false)
}

#[cfg(test)]
mod tests {
    use crate::tokenizer::{Tokenizer, TokenizerError};

    #[test]
    fn a_lookup_gives_the_tokens_of_the_library() {
        let plain = Tokenizer::characters("[]abc é\n".chars()).unwrap();
        let special = plain.clone().with_encoder_tokens().unwrap();
        for tokenizer in [plain, special] {
            assert!(tokenizer.characters.is_some());
            for text in ["", "abc é\nb", "a[MASK]b[CLS]", "a[b]c[[é"] {
                if tokenizer.id("[MASK]").is_none() && text.contains("[MASK]") {
                    continue;
                }
                let expected = tokenizer.inner.encode_char_offsets(text, false).unwrap();
                assert_eq!(tokenizer.encode(text).unwrap(), expected.get_ids(), "{text:?}");
                let found = tokenizer.characters.as_ref().unwrap().tokens(text).unwrap();
                assert_eq!(found.get_ids(), expected.get_ids(), "{text:?}");
                assert_eq!(found.get_offsets(), expected.get_offsets(), "{text:?}");
                assert_eq!(found.get_tokens(), expected.get_tokens(), "{text:?}");
                assert_eq!(found.get_word_ids(), expected.get_word_ids(), "{text:?}");
            }
        }
    }

    #[test]
    fn an_unknown_character_is_named_with_and_without_special_tokens() {
        let plain = Tokenizer::characters("abc".chars()).unwrap();
        let special = plain.clone().with_encoder_tokens().unwrap();
        for tokenizer in [plain, special] {
            let check = |error: TokenizerError| {
                let expected = ('d', 1, 3);
                let TokenizerError::UnknownCharacter { character, offset, vocab_size } = error
                else {
                    panic!("{error}")
                };
                assert_eq!((character, offset, vocab_size), expected);
            };
            check(tokenizer.encode("ad").unwrap_err());
            check(tokenizer.text_encoder(10).unwrap().encode("ad").unwrap_err());
        }
    }
}
