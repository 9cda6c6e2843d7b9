//! Long texts in parts: the library keeps a hundred bytes for each token while it encodes a text.

use tokenizers::pre_tokenizers::metaspace::PrependScheme;
use tokenizers::{AddedToken, NormalizerWrapper, PreTokenizerWrapper, Tokenizer as Inner};

/// The length after which a text is cut, in bytes.
const LENGTH: usize = 1 << 16;

/// The longest part of a text without spaces, in bytes.
const LONGEST: usize = 1 << 20;

/// The parts of a text that give the same tokens as the whole text.
///
/// GPT-2's pattern joins a space with the word after it, and never a line break. So a text is cut
/// before a single space and behind a single line break between two words, if the tokenizer splits
/// by this pattern and does not change the text before.
pub(super) fn parts<'a>(tokenizer: &Inner, text: &'a str) -> Vec<&'a str> {
    let is_cut = || splits_like_gpt2(tokenizer) || splits_at_spaces(tokenizer);
    match text.len() > LENGTH && is_cut() && keeps_spaces(tokenizer, text) {
        true => parts_of_words(text),
        false => vec![text],
    }
}

/// The parts of a text whose words are split by GPT-2's pattern.
pub(super) fn parts_of_words(text: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(end) = cut(rest) {
        let (part, after) = rest.split_at(end);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// The parts of a text, none of them much longer than a megabyte: a text without spaces is cut
/// anywhere.
pub(super) fn bounded_parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for mut part in parts_of_words(text) {
        while part.len() > LONGEST {
            let (first, rest) = part.split_at(part.floor_char_boundary(LONGEST));
            parts.push(first);
            part = rest;
        }
        parts.push(part);
    }
    parts
}

/// The first place to cut a text behind its minimum length.
fn cut(text: &str) -> Option<usize> {
    (LENGTH..text.len()).find(|&place| is_place(text.as_bytes(), place))
}

/// Whether a text can be cut at this place: before a single space, or behind a single line break.
pub(super) fn is_place(bytes: &[u8], place: usize) -> bool {
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || byte.is_ascii_punctuation();
    let is_at = |place: usize, space: u8| {
        bytes[place] == space
            && place.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(is_inner)
            && bytes.get(place + 1).is_some_and(is_inner)
    };
    place > 0 && (is_at(place - 1, b'\n') || is_at(place, b' '))
}

/// The last place to cut a text of words such that the parts give the tokens of the whole.
pub(crate) fn last_cut_of_words(text: &str) -> Option<usize> {
    (1..text.len()).rev().find(|&place| is_place(text.as_bytes(), place))
}

/// Whether no added token of the text takes the spaces around it, or contains some.
fn keeps_spaces(tokenizer: &Inner, text: &str) -> bool {
    !tokens_with_spaces(tokenizer).iter().any(|token| text.contains(token))
}

/// The added tokens that take the spaces around them, or contain some.
pub(super) fn tokens_with_spaces(tokenizer: &Inner) -> Vec<&str> {
    let takes = |token: &&AddedToken| {
        token.lstrip || token.rstrip || token.content.contains(char::is_whitespace)
    };
    let added = tokenizer.get_added_vocabulary().get_added_tokens_decoder();
    added.values().filter(takes).map(|token| token.content.as_str()).collect()
}

/// Whether words are split by GPT-2's pattern, and texts are not changed before.
pub(super) fn splits_like_gpt2(tokenizer: &Inner) -> bool {
    let Some(PreTokenizerWrapper::ByteLevel(bytes)) = word_splitter(tokenizer) else {
        return false;
    };
    bytes.use_regex && !bytes.add_prefix_space && tokenizer.get_normalizer().is_none()
}

/// Whether texts are split at spaces, as in BERT and SentencePiece, where the beginning of a text
/// counts as a space and line breaks are spaces.
pub(super) fn splits_at_spaces(tokenizer: &Inner) -> bool {
    let parts = match tokenizer.get_normalizer() {
        Some(NormalizerWrapper::Sequence(all)) => all.as_ref(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let has = |is: fn(&NormalizerWrapper) -> bool| parts.iter().any(is);
    match word_splitter(tokenizer) {
        Some(PreTokenizerWrapper::BertPreTokenizer(_)) => {
            parts.iter().all(|part| matches!(part, NormalizerWrapper::BertNormalizer(_)))
        }
        Some(PreTokenizerWrapper::Metaspace(space)) => {
            // The ends of the parts have no spaces, and a line break is a space only for `Nmt`.
            let is_local = |part: &NormalizerWrapper| {
                use NormalizerWrapper::{Lowercase, NFKC, Nmt, Replace, StripNormalizer};
                matches!(part, Lowercase(_) | NFKC(_) | Nmt(_) | Replace(_) | StripNormalizer(_))
            };
            space.get_split()
                && space.get_prepend_scheme() == PrependScheme::Always
                && parts.iter().all(is_local)
                && has(|part| matches!(part, NormalizerWrapper::Nmt(_)))
                && has(|part| matches!(part, NormalizerWrapper::StripNormalizer(_)))
        }
        _ => false,
    }
}

/// The part of a tokenizer that splits texts into words, if the others split words alone.
fn word_splitter(tokenizer: &Inner) -> Option<&PreTokenizerWrapper> {
    let (first, further) = match tokenizer.get_pre_tokenizer()? {
        PreTokenizerWrapper::Sequence(all) => all.as_ref().split_first()?,
        one => (one, &[][..]),
    };
    let is_local = |part: &PreTokenizerWrapper| {
        matches!(part, PreTokenizerWrapper::Split(_) | PreTokenizerWrapper::Digits(_))
    };
    further.iter().all(is_local).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::Tokenizer;

    #[test]
    fn a_text_in_parts_has_the_tokens_of_the_whole() {
        let verse = "the sea and\nthe sky,\n\nits 2nd light \n  in lines\t\nof words\u{e9}\nand <|endoftext|>\n.";
        let text = verse.repeat(4000);
        let tokenizer = Tokenizer::train_bpe([verse], 300).unwrap();
        let cut = parts(&tokenizer.inner, &text);
        assert!(cut.len() > 2 && cut.iter().all(|part| part.len() < 2 * LENGTH));
        assert_eq!(cut.concat(), text);
        let whole = tokenizer.inner.encode_fast(text.as_str(), false).unwrap();
        assert_eq!(tokenizer.encode(&text).unwrap(), whole.get_ids());
    }

    #[test]
    fn a_text_of_one_line_is_cut_between_words() {
        let text = "sky and sea ".repeat(20_000);
        let cut = parts_of_words(&text);
        assert!(cut.len() > 2 && cut.iter().skip(1).all(|part| part.starts_with(' ')));
        assert_eq!(cut.concat(), text);
        assert_eq!(parts_of_words(&"a".repeat(3 * LENGTH)).len(), 1);
    }

    #[test]
    fn other_tokenizers_see_the_whole_text() {
        let text = "a\n".repeat(LENGTH);
        let characters = Tokenizer::characters("a\n".chars()).unwrap();
        assert_eq!(parts(&characters.inner, &text).len(), 1);
    }
}
