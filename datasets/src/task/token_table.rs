//! Vocabularies of tasks: ids and their tokens.

use super::error::TaskError;
use super::words::{join_words, words_of};
use crate::tokenizer::{SpecialTokens, Tokenizer};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The tokens of a task: ids from 0 on, and the written form of each.
///
/// The first six are reserved: they are the same in every task and never occur in its data, except
/// [`TokenTable::UNKNOWN`].
#[derive(Clone, Debug)]
pub struct TokenTable {
    written: Vec<String>,
    ids: HashMap<String, u32>,
    pub(super) joining: Joining,
}

/// How text is split into tokens, and tokens are joined to text.
#[derive(Clone, Debug)]
pub(super) enum Joining {
    /// Space-separated names.
    Names,
    /// Single characters.
    Characters,
    /// Words and punctuation, of texts that are only read.
    Words,
    /// Words and punctuation, with or without a space before each.
    SpacedWords,
    /// Subwords.
    Subwords(Tokenizer),
}

pub(super) static RESERVED: [&str; 6] =
    ["<pad>", "<begin>", "<end>", "<sep>", "<mask>", "<unknown>"];

impl TokenTable {
    /// Pads shorter rows; always masked.
    pub const PADDING: u32 = 0;
    /// The start token of a decoder.
    pub const BEGIN: u32 = 1;
    /// Ends a generated sequence.
    pub const END: u32 = 2;
    /// Separates a prompt from its answer.
    pub const SEPARATOR: u32 = 3;
    /// Replaces a token in masked language modeling.
    pub const MASK: u32 = 4;
    /// Replaces everything outside the vocabulary.
    pub const UNKNOWN: u32 = 5;
    /// The first id of the task's own tokens.
    pub const FIRST: u32 = 6;

    fn new(own: impl IntoIterator<Item = String>, joining: Joining) -> Self {
        let reserved = RESERVED.iter().map(|&name| name.to_owned());
        let written: Vec<String> = reserved.chain(own).collect();
        let mut ids = HashMap::with_capacity(written.len());
        for (id, name) in written.iter().enumerate() {
            // A text may contain the word `<end>`: ids of data are never reserved ones.
            if id >= Self::FIRST as usize {
                ids.insert(name.clone(), id as u32);
            }
        }
        Self { written, ids, joining }
    }

    /// A vocabulary of tokens with these names.
    pub(super) fn named(names: impl IntoIterator<Item = String>) -> Self {
        Self::new(names, Joining::Names)
    }

    /// One token for each character of an alphabet, in the order of their code points.
    pub(super) fn characters(alphabet: impl IntoIterator<Item = char>) -> Self {
        let alphabet: BTreeSet<char> = alphabet.into_iter().collect();
        Self::new(alphabet.into_iter().map(String::from), Joining::Characters)
    }

    /// The words and punctuation that occur at least `min_count` times, most frequent first, for
    /// texts that are only read: [`Self::decode`] separates all of them by spaces.
    pub(super) fn words<'a>(texts: impl Iterator<Item = &'a str>, min_count: usize) -> Self {
        let words = texts.flat_map(words_of).map(|word| word.text);
        Self::new(frequent(words, min_count), Joining::Words)
    }

    /// The words and punctuation that occur at least `min_count` times, for texts that are also
    /// written.
    ///
    /// A word that follows its predecessor without a space is a token of its own, so that a text
    /// of known tokens is decoded as it was written, up to the kind and number of its spaces.
    pub(super) fn spaced_words<'a>(texts: impl Iterator<Item = &'a str>, min_count: usize) -> Self {
        let forms = texts.flat_map(words_of).map(|word| word.form());
        Self::new(frequent(forms, min_count), Joining::SpacedWords)
    }

    /// The names that occur at least `min_count` times, most frequent first.
    pub(super) fn frequent<'a>(names: impl Iterator<Item = &'a str>, min_count: usize) -> Self {
        Self::new(frequent(names, min_count), Joining::Names)
    }

    /// At most `size` subwords of a byte-level BPE trained on `texts`, which encodes any text.
    ///
    /// # Errors
    ///
    /// [`TaskError::Tokenizer`] if `size` is below the number of tokens that the bytes alone need.
    pub(super) fn subwords<'a>(
        texts: impl Iterator<Item = &'a str> + Send,
        size: usize,
    ) -> Result<Self, TaskError> {
        let texts: Vec<&str> = texts.collect();
        let tokenizer = Tokenizer::train_bpe([texts.join("\n")], size)?;
        let pieces: Result<Vec<String>, _> =
            (0..tokenizer.vocab_size() as u32).map(|id| tokenizer.token(id)).collect();
        Ok(Self::new(pieces?, Joining::Subwords(tokenizer)))
    }

    /// The number of tokens, including the reserved ones.
    #[allow(clippy::len_without_is_empty, reason = "the reserved tokens always exist")]
    pub fn len(&self) -> usize {
        self.written.len()
    }

    /// The written form of a token; `None` if there is no such token.
    pub fn written(&self, id: u32) -> Option<&str> {
        self.written.get(id as usize).map(String::as_str)
    }

    /// The id of a written token; `None` for reserved and unknown tokens.
    pub fn id(&self, written: &str) -> Option<u32> {
        self.ids.get(written).copied()
    }

    fn id_or_unknown(&self, written: &str) -> u32 {
        self.id(written).unwrap_or(Self::UNKNOWN)
    }

    /// The tokens of a text; anything outside the vocabulary is [`TokenTable::UNKNOWN`].
    ///
    /// # Errors
    ///
    /// [`TaskError::Tokenizer`] if a subword tokenizer fails.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TaskError> {
        Ok(match &self.joining {
            Joining::Names => {
                text.split_whitespace().map(|name| self.id_or_unknown(name)).collect()
            }
            Joining::Words => words_of(text).map(|word| self.id_or_unknown(word.text)).collect(),
            Joining::SpacedWords => {
                words_of(text).map(|word| self.id_or_unknown(&word.form())).collect()
            }
            Joining::Characters => {
                let mut bytes = [0; 4];
                text.chars().map(|c| self.id_or_unknown(c.encode_utf8(&mut bytes))).collect()
            }
            Joining::Subwords(tokenizer) => {
                tokenizer.encode(text)?.into_iter().map(|id| id + Self::FIRST).collect()
            }
        })
    }

    /// The detokenized text, for metrics that compare texts.
    ///
    /// Reserved tokens and invalid ids are left out, except unknown words, which become
    /// `<unknown>`. This never fails, because a model may generate any ids.
    pub fn decode(&self, ids: &[u32]) -> String {
        let shown = |id: &u32| *id >= Self::UNKNOWN && (*id as usize) < self.len();
        let names = ids.iter().filter(|id| shown(id)).map(|&id| self.written[id as usize].as_str());
        match &self.joining {
            Joining::Names | Joining::Words => names.collect::<Vec<_>>().join(" "),
            Joining::Characters => names.collect(),
            Joining::SpacedWords => join_words(names),
            Joining::Subwords(tokenizer) => {
                let own = ids.iter().filter(|&&id| id >= Self::FIRST && (id as usize) < self.len());
                let ids: Vec<u32> = own.map(|id| id - Self::FIRST).collect();
                // A text may contain the name of a special token.
                tokenizer.decode_with(&ids, SpecialTokens::Written).unwrap_or_default()
            }
        }
    }
}

fn frequent(names: impl Iterator<Item = impl Into<String>>, min_count: usize) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name.into()).or_default() += 1;
    }
    let mut kept: Vec<(String, usize)> =
        counts.into_iter().filter(|&(_, count)| count >= min_count).collect();
    // Stable sort: equally frequent names stay in alphabetical order.
    kept.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    kept.into_iter().map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_of_words_round_trips() {
        for text in [
            "Don't go (yet), „please“: it's 5% - o’clock!",
            "\"yes\" 3.14 2,5 $5.00 e-mail a/b (no) 10:30 50 % ...",
            "नमस्ते हिन्दी, विद्यालय। क्‍ष",
            "她说：“你好”，然后走了。 ขอบคุณค่ะ Đọc e\u{301}te\u{301} ❤\u{fe0f}👍🏽!",
            "« Où ? » , l'été ; it ' s ##a ## b",
        ] {
            let tokens = TokenTable::spaced_words([text].into_iter(), 1);
            assert_eq!(tokens.decode(&tokens.encode(text).unwrap()), text);
        }
        let tokens = TokenTable::spaced_words(["go, now!"].into_iter(), 1);
        assert_eq!(tokens.decode(&tokens.encode(" go  later!").unwrap()), "go <unknown>!");
    }

    #[test]
    fn a_word_with_vowel_signs_and_viramas_is_one_word() {
        let tokens = TokenTable::words(["हिन्दी पुस्तक अच्छा"].into_iter(), 1);
        assert_eq!(tokens.encode("पुस्तक हिन्दी").unwrap().len(), 2);
    }

    #[test]
    fn rare_words_are_unknown_and_frequent_ones_come_first() {
        let tokens = TokenTable::words(["b a a", "c b a"].into_iter(), 2);
        assert_eq!(tokens.len(), 8);
        assert_eq!(tokens.encode("a b c").unwrap(), [6, 7, TokenTable::UNKNOWN]);
        assert_eq!(tokens.decode(&tokens.encode("(a)").unwrap()), "<unknown> a <unknown>");
    }

    #[test]
    fn a_reserved_name_in_the_data_is_not_a_reserved_token() {
        let tokens = TokenTable::spaced_words(["< end > <end>"].into_iter(), 1);
        assert!(tokens.encode("<end> <pad>").unwrap().iter().all(|&id| id >= TokenTable::UNKNOWN));
        assert_eq!(TokenTable::named(["<end>".to_owned()]).id("<end>"), Some(TokenTable::FIRST));
    }

    #[test]
    fn any_ids_can_be_decoded() {
        let ids: Vec<u32> = (0..400).chain([u32::MAX]).collect();
        let subwords = TokenTable::subwords(["ein Wort, zwei Wörter"].into_iter(), 300).unwrap();
        let text = " zwei  Wörter,\n世 e\u{301} <|endoftext|> .";
        assert_eq!(subwords.decode(&subwords.encode(text).unwrap()), text);
        subwords.decode(&ids);
        assert_eq!(TokenTable::characters("ba".chars()).decode(&ids), "<unknown>ab");
    }
}
