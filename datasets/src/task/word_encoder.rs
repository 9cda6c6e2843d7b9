//! Words and their tags, as tokens and labels.

use super::example::{Example, Target};
use super::token_table::TokenTable;
use std::collections::BTreeSet;

/// A word and its tag.
pub(super) struct TaggedWord {
    pub(super) word: String,
    pub(super) tag: String,
}

/// The words of a sentence.
pub(super) type Sentence = Vec<TaggedWord>;

/// Every tag that occurs, `O` first.
pub(super) fn tag_names<'a>(sentences: impl Iterator<Item = &'a Sentence>) -> Vec<String> {
    let names: BTreeSet<&str> = sentences.flatten().map(|word| word.tag.as_str()).collect();
    let (outside, inside): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|tag| *tag == "O");
    outside.into_iter().chain(inside).map(str::to_owned).collect()
}

/// Encodes words as tokens: the word itself, else its lowercase form, else its shape.
pub(super) struct WordEncoder {
    pub(super) tokens: TokenTable,
}

impl WordEncoder {
    pub(super) fn new(words: &[&str], min_count: usize) -> Self {
        let lowercase: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let shapes: BTreeSet<String> = words.iter().map(|word| shape(word)).collect();
        // A word that is already lowercase counts once.
        let cased = words.iter().zip(&lowercase).filter(|(word, lower)| **word != lower.as_str());
        let forms = lowercase.iter().map(String::as_str).chain(cased.map(|(word, _)| *word));
        let frequent = TokenTable::frequent(forms, min_count);
        let own = (TokenTable::FIRST..frequent.len() as u32).filter_map(|id| frequent.written(id));
        let names: Vec<String> = shapes.into_iter().chain(own.map(str::to_owned)).collect();
        Self { tokens: TokenTable::named(names) }
    }

    pub(super) fn encode(&self, word: &str) -> u32 {
        let tokens = &self.tokens;
        let known = tokens.id(word).or_else(|| tokens.id(&word.to_lowercase()));
        known.or_else(|| tokens.id(&shape(word))).unwrap_or(TokenTable::UNKNOWN)
    }

    /// Encodes a sentence; each of its tags must be one of `names`.
    pub(super) fn example(&self, sentence: &Sentence, names: &[String]) -> Example {
        let tag = |tag: &str| names.iter().position(|name| name == tag).map(|index| index as u32);
        Example {
            input: sentence.iter().map(|tagged| self.encode(&tagged.word)).collect(),
            target: Target::Tags(sentence.iter().map(|tagged| tag(&tagged.tag)).collect()),
        }
    }
}

/// The shape of a word: runs of uppercase letters, lowercase letters, digits and other characters,
/// in angle brackets and with a space, so that no word equals a shape.
fn shape(word: &str) -> String {
    let start = match word {
        _ if word.starts_with("http") || word.starts_with("www.") => return "< url>".to_owned(),
        _ if word.len() > 1 && word.starts_with('@') => return "< @>".to_owned(),
        _ if word.len() > 1 && word.starts_with('#') => "#",
        _ => "",
    };
    let mut shape = format!("< {start}");
    for c in word[start.len()..].chars().take(40) {
        let kind = match c {
            _ if c.is_uppercase() => 'X',
            _ if c.is_alphabetic() => 'x',
            _ if c.is_numeric() => '0',
            _ => '.',
        };
        if !shape.ends_with(kind) {
            shape.push(kind);
        }
    }
    shape + ">"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_itself_or_its_lowercase_form_or_its_shape() {
        let encoder = WordEncoder::new(&["Paris", "Paris", "the", "The", "Anna", "@me"], 2);
        let written = |word| encoder.tokens.written(encoder.encode(word)).unwrap().to_owned();
        assert_eq!(written("Paris"), "Paris");
        assert_eq!(written("THE"), "the");
        assert_eq!(written("Berlin"), "< Xx>");
        assert_eq!(written("@you"), "< @>");
        assert_eq!(encoder.encode("3.14"), TokenTable::UNKNOWN, "a shape absent from training");
    }
}
