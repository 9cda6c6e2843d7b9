//! The words of texts and how often they occur, from which a tokenizer is trained.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;
use tokenizers::{
    NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer,
    Tokenizer as Inner,
};

use super::kind::TokenizerKind;
use super::settings::TokenizerTraining;
use super::word_list::Words;
use super::{merges, unigram};
use crate::tokenizer::codec::Tokenizer;
use crate::tokenizer::error::{TokenizerError, failed};
use crate::tokenizer::guard::guarded;
use crate::tokenizer::parts::bounded_parts;

/// The size of the texts that are split together, in bytes.
const TOGETHER: usize = 1 << 22;

/// The largest number of occurrences of all pairs together: the library counts with 32 bits.
const MOST: u64 = i32::MAX as u64;

impl TokenizerTraining {
    /// Trains a tokenizer. The same texts give the same tokenizer.
    ///
    /// # Errors
    ///
    /// See [`WordCounts::train`].
    pub fn train<T: AsRef<str>>(
        &self,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<Tokenizer, TokenizerError> {
        let mut counts = WordCounts::new(self)?;
        for text in texts {
            counts.add(text.as_ref())?;
        }
        counts.train()
    }
}

/// Counts the words of texts, of any number and size: memory is that of the different words.
pub struct WordCounts {
    training: TokenizerTraining,
    splitter: Inner,
    special: Vec<String>,
    waiting: Vec<String>,
    waiting_bytes: usize,
    words: HashMap<String, u64>,
}

impl WordCounts {
    /// Counts for a tokenizer of these settings.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::EmptyToken`] for an empty special token.
    pub fn new(training: &TokenizerTraining) -> Result<Self, TokenizerError> {
        let special = training.all_special_tokens();
        if special.iter().any(String::is_empty) {
            return Err(TokenizerError::EmptyToken);
        }
        Ok(Self {
            training: training.clone(),
            splitter: training.splitter().map_err(failed("build"))?,
            special,
            waiting: Vec::new(),
            waiting_bytes: 0,
            words: HashMap::new(),
        })
    }

    /// Counts the words of a text. The names of special tokens are not part of it.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`] if the library cannot split the text.
    pub fn add(&mut self, text: &str) -> Result<(), TokenizerError> {
        let mut texts = vec![text];
        for token in &self.special {
            texts = texts.into_iter().flat_map(|text| text.split(token.as_str())).collect();
        }
        for part in texts.into_iter().flat_map(bounded_parts).filter(|part| !part.is_empty()) {
            self.waiting_bytes += part.len();
            self.waiting.push(part.to_owned());
        }
        match self.waiting_bytes > TOGETHER {
            true => self.count(),
            false => Ok(()),
        }
    }

    /// Splits and counts the texts that wait.
    fn count(&mut self) -> Result<(), TokenizerError> {
        self.waiting_bytes = 0;
        let texts = std::mem::take(&mut self.waiting);
        let splitter = &self.splitter;
        let counted = texts
            .par_iter()
            .try_fold(HashMap::new, |mut words: HashMap<String, u64>, text| {
                for word in guarded(|| split(splitter, text))? {
                    *words.entry(word).or_default() += 1;
                }
                Ok(words)
            })
            .collect::<tokenizers::Result<Vec<_>>>()
            .map_err(failed("split a text"))?;
        for (word, count) in counted.into_iter().flatten() {
            *self.words.entry(word).or_default() += count;
        }
        Ok(())
    }

    /// Trains the tokenizer. The order of the texts does not matter.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::SmallVocabulary`] if special tokens and alphabet do not fit;
    /// [`TokenizerError::EmptyVocabulary`] without a word, except for a byte-level BPE.
    pub fn train(mut self) -> Result<Tokenizer, TokenizerError> {
        self.count()?;
        let words: Words = std::mem::take(&mut self.words).into_iter().collect();
        let words = scaled(self.limited(words));
        if words.is_empty() && self.training.kind != TokenizerKind::Bpe {
            return Err(TokenizerError::EmptyVocabulary);
        }
        self.check_size(&words)?;
        let training = &self.training;
        let model = guarded(|| match training.kind {
            TokenizerKind::Bpe => merges::bpe(training, words),
            TokenizerKind::WordPiece => merges::word_piece(training, words),
            TokenizerKind::Unigram => unigram::unigram(training, words),
        });
        let model = model.map_err(failed("train"))?;
        let inner = training.assemble(model).map_err(failed("build"))?;
        Ok(Tokenizer::new(inner, training.config()))
    }

    /// The words without the characters beyond the limit of the alphabet.
    fn limited(&self, words: Words) -> Words {
        let Some(limit) = self.training.limit_alphabet else { return words };
        let mut counts: BTreeMap<char, u64> = BTreeMap::new();
        for (word, count) in &words {
            word.chars().for_each(|c| *counts.entry(c).or_default() += count);
        }
        let mut frequent: Vec<(char, u64)> = counts.into_iter().collect();
        // Stable, so that of equally frequent characters those with smaller code points are kept.
        frequent.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let kept: BTreeSet<char> = frequent.into_iter().take(limit).map(|(c, _)| c).collect();
        let mut limited = Words::new();
        for (word, count) in words {
            for part in word.split(|c| !kept.contains(&c)).filter(|part| !part.is_empty()) {
                *limited.entry(part.to_owned()).or_default() += count;
            }
        }
        limited
    }

    fn check_size(&self, words: &Words) -> Result<(), TokenizerError> {
        let special = self.special.len();
        let characters = || {
            let all: BTreeSet<char> = words.keys().flat_map(|word| word.chars()).collect();
            all.len()
        };
        let (alphabet, of) = match self.training.kind {
            TokenizerKind::Bpe => (256, "256 bytes"),
            TokenizerKind::WordPiece => {
                (merges::alphabet(words).len(), "characters at the start of words and within them")
            }
            // The library needs a piece beside the characters.
            TokenizerKind::Unigram => (characters() + 1, "characters"),
        };
        let (asked, smallest) = (self.training.vocab_size, special + alphabet);
        match asked < smallest {
            true => {
                let parts = format!("{special} special tokens and {alphabet} for {of}");
                Err(TokenizerError::SmallVocabulary { asked, smallest, parts })
            }
            false => Ok(()),
        }
    }
}

/// The words of a text.
fn split(splitter: &Inner, text: &str) -> tokenizers::Result<Vec<String>> {
    let mut normalized = NormalizedString::from(text);
    if let Some(normalizer) = splitter.get_normalizer() {
        normalizer.normalize(&mut normalized)?;
    }
    let mut words = PreTokenizedString::from(normalized);
    if let Some(pre_tokenizer) = splitter.get_pre_tokenizer() {
        pre_tokenizer.pre_tokenize(&mut words)?;
    }
    let splits = words.get_splits(OffsetReferential::Normalized, OffsetType::Byte);
    Ok(splits.into_iter().map(|(word, ..)| word.to_owned()).collect())
}

/// The counts, divided if the library's would overflow.
fn scaled(mut words: Words) -> Words {
    let pairs = words.iter().map(|(word, count)| count.saturating_mul(word.len() as u64));
    let total = pairs.fold(0_u64, u64::saturating_add);
    if total > MOST {
        let divisor = total / MOST + 1;
        words.values_mut().for_each(|count| *count = count.div_ceil(divisor));
    }
    words
}
