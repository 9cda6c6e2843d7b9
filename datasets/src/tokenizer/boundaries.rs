//! Which tokens begin a word or end a sentence, from their form in the vocabulary.

use std::ops::Range;

use tokenizers::ModelWrapper;

use super::codec::Tokenizer;

/// The words and sentences of token rows. The default knows no vocabulary: every token is a word,
/// and none is special.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boundaries {
    /// By token id.
    roles: Vec<Role>,
}

/// The boundaries at a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Role {
    kind: Kind,
    after: After,
}

/// How a token relates to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It begins a word.
    Begin,
    /// It continues the word of the previous token.
    Continue,
    /// It is part of no word.
    Special,
}

/// What ends with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Nothing,
    /// A line: whatever follows is another word.
    Line,
    Sentence,
}

impl Role {
    const WORD: Self = Self { kind: Kind::Begin, after: After::Nothing };
}

impl Tokenizer {
    /// The boundaries of the vocabulary.
    ///
    /// A word begins at a token without the prefix of continuations (`##`) in a WordPiece
    /// vocabulary; otherwise at a token with a space before it (`▁` of SentencePiece, `Ġ` of
    /// byte-level BPE) and behind a line break. A sentence ends with a full stop, an exclamation
    /// mark or a question mark.
    pub fn boundaries(&self) -> Boundaries {
        let prefix = match self.inner.get_model() {
            ModelWrapper::WordPiece(model) => Some(model.continuing_subword_prefix.clone()),
            ModelWrapper::BPE(model) => model.get_continuing_subword_prefix().clone(),
            _ => None,
        };
        let prefix = prefix.filter(|prefix| !prefix.is_empty());
        let role = |id: u32| match self.inner.id_to_token(id) {
            Some(_) if self.is_special(id) => Role { kind: Kind::Special, ..Role::WORD },
            Some(token) => self.role(&token, prefix.as_deref()),
            None => Role::WORD,
        };
        Boundaries { roles: (0..self.vocab_size as u32).map(role).collect() }
    }

    fn role(&self, token: &str, prefix: Option<&str>) -> Role {
        let bytes = self.written_bytes(token);
        let text = String::from_utf8_lossy(&bytes);
        let begins = match prefix {
            Some(prefix) => !token.starts_with(prefix),
            None => text.starts_with(char::is_whitespace),
        };
        let after = match text.chars().next_back() {
            Some('.' | '!' | '?') => After::Sentence,
            // A space belongs to the word behind it.
            Some(last) if last.is_whitespace() && last != ' ' => After::Line,
            _ => After::Nothing,
        };
        Role { kind: if begins { Kind::Begin } else { Kind::Continue }, after }
    }
}

impl Boundaries {
    fn role(&self, id: u32) -> Role {
        self.roles.get(id as usize).copied().unwrap_or(Role::WORD)
    }

    /// Whether a token is special, such as `[SEP]`.
    pub fn is_special(&self, id: u32) -> bool {
        self.role(id).kind == Kind::Special
    }

    /// The words of a row of tokens, in order; special tokens are in none.
    pub fn words(&self, ids: &[u32]) -> Vec<Range<usize>> {
        let mut words: Vec<Range<usize>> = Vec::new();
        let mut before = After::Line;
        for (at, &id) in ids.iter().enumerate() {
            let Role { kind, after } = self.role(id);
            match (kind, words.last_mut()) {
                (Kind::Special, _) => {}
                (Kind::Continue, Some(word)) if word.end == at && before != After::Line => {
                    word.end = at + 1;
                }
                _ => words.push(at..at + 1),
            }
            before = after;
        }
        words
    }

    /// The sentences of a row of tokens, in order; every token is in one. A sentence has all
    /// punctuation behind its end, and begins with a word.
    pub fn sentences(&self, ids: &[u32]) -> Vec<Range<usize>> {
        let (mut sentences, mut begin) = (Vec::new(), 0);
        for at in 1..ids.len() {
            let ends = |at: usize| self.role(ids[at]).after == After::Sentence;
            if ends(at - 1) && !ends(at) {
                sentences.push(begin..at);
                begin = at;
            }
        }
        if begin < ids.len() {
            sentences.push(begin..ids.len());
        }
        sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tokenizer: &Tokenizer, ids: &[u32], ranges: &[Range<usize>]) -> Vec<String> {
        let text = |range: &Range<usize>| tokenizer.decode(&ids[range.clone()]).unwrap();
        ranges.iter().map(text).collect()
    }

    #[test]
    fn words_of_a_byte_level_vocabulary_begin_with_a_space_or_a_line() {
        let tokenizer = Tokenizer::train_bpe(["a sea"], 260).unwrap();
        let text = "A sea, don't!\nNo  sky<|endoftext|>at all";
        let ids = tokenizer.encode(text).unwrap();
        let words = tokenizer.boundaries().words(&ids);
        let expected = ["A", " sea,", " don't!", "\n", "No", " ", " sky", "at", " all"];
        assert_eq!(texts(&tokenizer, &ids, &words), expected);
        assert!(words.len() < ids.len() / 2, "most words have several tokens");
    }

    #[test]
    fn words_of_characters_are_between_spaces() {
        let text = "It is.\nSo be it";
        let tokenizer = Tokenizer::characters(text.chars()).unwrap();
        let ids = tokenizer.encode(text).unwrap();
        let words = tokenizer.boundaries().words(&ids);
        let expected = ["It", " is.", "\n", "So", " be", " it"];
        assert_eq!(texts(&tokenizer, &ids, &words), expected);
    }

    #[test]
    fn sentences_end_with_their_punctuation_and_cover_the_text() {
        let text = "One. Two?! Three";
        let tokenizer = Tokenizer::characters(text.chars()).unwrap();
        let ids = tokenizer.encode(text).unwrap();
        let boundaries = tokenizer.boundaries();
        let sentences = boundaries.sentences(&ids);
        assert_eq!(texts(&tokenizer, &ids, &sentences), ["One.", " Two?!", " Three"]);
        assert!(boundaries.sentences(&[]).is_empty());
    }

    #[test]
    fn without_a_vocabulary_every_token_is_a_word() {
        let none = Boundaries::default();
        assert_eq!(none.words(&[7, 7, 9]), [0..1, 1..2, 2..3]);
        assert_eq!(none.sentences(&[7, 7, 9]), std::iter::once(0..3).collect::<Vec<_>>());
        assert!(!none.is_special(7));
    }
}
