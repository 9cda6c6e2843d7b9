//! Building new tokenizers: character-level, trained, and with the special tokens of encoders.

use super::characters::single_character_split;
use super::codec::Tokenizer;
use super::config::new_config;
use super::error::{TokenizerError, failed};
use super::special::Special;
use super::surround::{WITH_CLASS, surround};
use super::training::{TokenizerKind, TokenizerTraining, Vocabulary};
use std::collections::BTreeSet;
use tokenizers::AddedToken;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::models::wordlevel::WordLevel;

/// A special token that an encoder needs.
struct Role {
    kind: Option<Special>,
    /// Its field in `tokenizer_config.json`.
    field: &'static str,
    token: &'static str,
}

const ENCODER: [Role; 4] = [
    Role { kind: Some(Special::Padding), field: "pad_token", token: "[PAD]" },
    Role { kind: Some(Special::Class), field: "cls_token", token: "[CLS]" },
    Role { kind: None, field: "sep_token", token: "[SEP]" },
    Role { kind: Some(Special::Mask), field: "mask_token", token: "[MASK]" },
];

impl Tokenizer {
    /// A tokenizer whose tokens are the given characters, with ids in the order of code points.
    ///
    /// There are no other tokens: a text of 65 distinct characters has a vocabulary of 65.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::EmptyVocabulary`].
    pub fn characters(chars: impl IntoIterator<Item = char>) -> Result<Self, TokenizerError> {
        let distinct: BTreeSet<char> = chars.into_iter().collect();
        if distinct.is_empty() {
            return Err(TokenizerError::EmptyVocabulary);
        }
        let vocabulary = (0..).zip(distinct).map(|(id, c)| (String::from(c), id)).collect();
        let model = WordLevel::builder().vocab(vocabulary).build();
        let mut inner = tokenizers::Tokenizer::new(model.map_err(failed("build"))?);
        inner.with_pre_tokenizer(Some(single_character_split().map_err(failed("build"))?));
        // Without `Fuse`, decoding would insert a space between tokens.
        inner.with_decoder(Some(Fuse::new()));
        Ok(Self::new(inner, new_config(None)))
    }

    /// A tokenizer of this vocabulary for some texts.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::EmptyVocabulary`] or [`TokenizerError::SmallVocabulary`].
    pub fn of_texts<T: AsRef<str>>(
        texts: impl IntoIterator<Item = T>,
        vocabulary: Vocabulary,
    ) -> Result<Self, TokenizerError> {
        let (kind, size) = match vocabulary {
            Vocabulary::Characters => {
                let mut characters = BTreeSet::new();
                texts.into_iter().for_each(|text| characters.extend(text.as_ref().chars()));
                return Self::characters(characters);
            }
            Vocabulary::Bpe(size) => (TokenizerKind::Bpe, size),
            Vocabulary::WordPiece(size) => (TokenizerKind::WordPiece, size),
            Vocabulary::Unigram(size) => (TokenizerKind::Unigram, size),
        };
        TokenizerTraining::new(kind, size).train(texts)
    }

    /// Trains a byte-level BPE of at most `vocab_size` tokens, which encodes any text.
    ///
    /// Token 0 is [`END_OF_TEXT`](super::END_OF_TEXT), 1 to 256 are the bytes; a pair of tokens is
    /// merged only if it occurs at least twice. Training is deterministic. Pieces of more than 64
    /// bytes, which no word of a language has, are cut: a genome on one line costs what its length
    /// costs.
    ///
    /// Reference: Radford et al. 2019, §2.2, which also defines how words are split.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::SmallVocabulary`] below 257 tokens.
    pub fn train_bpe<T: AsRef<str>>(
        texts: impl IntoIterator<Item = T>,
        vocab_size: usize,
    ) -> Result<Self, TokenizerError> {
        TokenizerTraining::new(TokenizerKind::Bpe, vocab_size).train(texts)
    }

    /// The same tokenizer with the special tokens of an encoder: `[PAD]`, `[CLS]`, `[SEP]` and
    /// `[MASK]`, unless it has tokens of these roles. Texts are encoded as `[CLS] A [SEP]`, and
    /// pairs as `[CLS] A [SEP] B [SEP]`.
    ///
    /// # Errors
    ///
    /// The tokens cannot be added.
    pub fn with_encoder_tokens(self) -> Result<Self, TokenizerError> {
        let has = |role: &&Role| match role.kind {
            // `<s>` begins texts of other tokenizers.
            Some(kind) if kind != Special::Class => self.special(kind).is_some(),
            _ => self.id(role.token).is_some_and(|id| self.is_special(id)),
        };
        let missing: Vec<&Role> = ENCODER.iter().filter(|role| !has(role)).collect();
        if missing.is_empty() {
            return Ok(self);
        }
        let mut inner = self.growing()?;
        let tokens = missing.iter().map(|role| AddedToken::from(role.token, true));
        inner.add_special_tokens(tokens).map_err(failed("build"))?;
        surround(&mut inner, &WITH_CLASS).map_err(failed("build"))?;
        let mut config = self.config;
        for role in missing {
            config.insert(role.field.to_owned(), role.token.into());
        }
        Ok(Self::new(inner, config))
    }
}
