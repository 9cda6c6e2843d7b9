//! Where the beginning of a long text can be cut before the rest is read.

use super::codec::Tokenizer;
use super::parts::{is_place, splits_at_spaces, splits_like_gpt2, tokens_with_spaces};

impl Tokenizer {
    /// The last place to cut the beginning of a text, such that both sides together have the tokens
    /// of the whole; `None` if there is none, or if the tokenizer looks at a text as a whole.
    pub(crate) fn last_cut(&self, text: &str) -> Option<usize> {
        if let Some(characters) = &self.characters {
            return characters.last_cut(text);
        }
        let splits_words = splits_like_gpt2(&self.inner) || splits_at_spaces(&self.inner);
        if self.surface.is_some() || !splits_words {
            return None;
        }
        let taking = tokens_with_spaces(&self.inner);
        let bytes = text.as_bytes();
        let is_apart = |place: usize| {
            taking.iter().all(|token| {
                // A token that is not yet complete may follow.
                let near = place.saturating_sub(token.len() + 1)..place + token.len() + 1;
                let near = bytes.get(near);
                near.is_some_and(|near| !near.windows(token.len()).any(|at| at == token.as_bytes()))
            })
        };
        (1..bytes.len()).rev().find(|&place| is_place(bytes, place) && is_apart(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::Vocabulary;

    fn cut_everywhere(tokenizer: &Tokenizer, text: &str) -> usize {
        let whole = tokenizer.encode(text).unwrap();
        let mut cuts = 0;
        for end in (1..text.len()).filter(|&end| text.is_char_boundary(end)) {
            let Some(place) = tokenizer.last_cut(&text[..end]) else { continue };
            cuts += 1;
            let parts = [&text[..place], &text[place..]].map(|part| tokenizer.encode(part));
            assert_eq!(parts.map(Result::unwrap).concat(), whole, "cut at {place}");
        }
        cuts
    }

    const TEXT: &str =
        "the sea,  and\nthe sky.\n\n its 2nd\n<mask> light \u{e9} [MASK] of <mask> it";

    #[test]
    fn both_sides_of_a_cut_have_the_tokens_of_the_whole() {
        let bytes = Tokenizer::train_bpe([TEXT.repeat(9)], 320).unwrap();
        assert!(cut_everywhere(&bytes, TEXT) > 50);
        let characters = Tokenizer::characters(TEXT.chars()).unwrap();
        assert!(cut_everywhere(&characters, TEXT) > 60);
        assert_eq!(characters.last_cut("a [MASK"), Some(7));
    }

    #[test]
    fn the_name_of_a_special_token_among_characters_stays_whole() {
        let characters = Tokenizer::characters(TEXT.chars()).unwrap();
        let characters = characters.with_encoder_tokens().unwrap();
        assert!(cut_everywhere(&characters, TEXT) > 50);
        assert_eq!(characters.last_cut("a [MASK"), Some(2));
        assert_eq!(characters.last_cut("[MASK]"), None);
    }

    #[test]
    fn vocabularies_of_words_are_cut_at_spaces() {
        for vocabulary in [Vocabulary::WordPiece(100), Vocabulary::Unigram(100)] {
            let tokenizer = Tokenizer::of_texts([TEXT.repeat(9)], vocabulary).unwrap();
            assert!(cut_everywhere(&tokenizer, TEXT) > 50, "{vocabulary}");
        }
    }

    #[test]
    fn a_token_that_takes_spaces_is_not_separated_from_them() {
        let mut inner = Tokenizer::train_bpe([TEXT.repeat(9)], 320).unwrap().inner.as_ref().clone();
        let mask = tokenizers::AddedToken::from("<mask>", true).lstrip(true).rstrip(true);
        inner.add_special_tokens([mask]).unwrap();
        let tokenizer = Tokenizer::new(inner, Default::default());
        assert!(cut_everywhere(&tokenizer, TEXT) > 50);
        assert_eq!(tokenizer.last_cut("2nd\n<mas and more"), Some(8));
        assert_eq!(tokenizer.last_cut("2nd\n<mask>"), None);
    }

    #[test]
    fn a_tokenizer_of_whole_texts_cuts_nothing() {
        let mut inner = Tokenizer::train_bpe([TEXT], 300).unwrap().inner.as_ref().clone();
        inner.with_pre_tokenizer(None::<tokenizers::PreTokenizerWrapper>);
        assert_eq!(Tokenizer::new(inner, Default::default()).last_cut(TEXT), None);
    }
}
