//! Building new tokenizers: character-level and byte-level BPE.

use super::codec::{Tokenizer, single_character_split};
use super::config::new_config;
use super::end_of_text::END_OF_TEXT;
use super::error::{TokenizerError, failed};
use super::parts::parts_of_words;
use std::collections::BTreeSet;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::models::wordlevel::WordLevel;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    SplitDelimiterBehavior, TokenizerBuilder,
};

/// The vocabulary of a new tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// The characters of the text.
    Characters,
    /// A byte-level BPE of at most this many tokens.
    Bpe(usize),
}

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

    /// Trains a byte-level BPE of at most `vocab_size` tokens, which encodes any text.
    ///
    /// Token 0 is [`END_OF_TEXT`], 1 to 256 are the bytes; a pair of tokens is merged only if it
    /// occurs at least twice. Training is deterministic. Pieces of more than 64 bytes, which no
    /// word of a language has, are cut: a genome on one line costs what its length costs.
    ///
    /// Reference: Radford et al. 2019, §2.2, which also defines how words are split.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::SmallVocabulary`] below 257 tokens.
    pub fn train_bpe<T: AsRef<str> + Send>(
        texts: impl IntoIterator<Item = T, IntoIter: Send>,
        vocab_size: usize,
    ) -> Result<Self, TokenizerError> {
        let smallest = ByteLevel::alphabet().len() + 1;
        if vocab_size < smallest {
            return Err(TokenizerError::SmallVocabulary { asked: vocab_size, smallest });
        }
        let mut trainer = BpeTrainerBuilder::new()
            .show_progress(false)
            .vocab_size(vocab_size)
            .min_frequency(2)
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .special_tokens(vec![AddedToken::from(END_OF_TEXT, true)])
            .build();
        // No space is prepended and offsets are not trimmed, as in GPT-2's tokenizer.
        let bytes = ByteLevel::new(false, false, true);
        let mut inner = TokenizerBuilder::<
            BPE,
            NormalizerWrapper,
            PreTokenizerWrapper,
            PostProcessorWrapper,
            DecoderWrapper,
        >::new()
        .with_model(BPE::default())
        .with_pre_tokenizer(Some(bounded(bytes)?))
        .with_post_processor(Some(bytes.into()))
        .with_decoder(Some(bytes.into()))
        .build()
        .map_err(failed("build"))?;
        // The library keeps an alignment of every text that it counts the words of.
        let owned = |text: T| parts_of_words(text.as_ref()).into_iter().map(String::from).collect();
        let parts = texts.into_iter().flat_map(|text| -> Vec<String> { owned(text) });
        inner.train(&mut trainer, parts).map_err(failed("train"))?;
        Ok(Self::new(inner.into(), new_config(Some(END_OF_TEXT))))
    }

    /// The same tokenizer with the special tokens of an encoder after its own: `[PAD]`, `[CLS]`,
    /// `[SEP]`, `[MASK]`. Texts are encoded as `[CLS] A [SEP]`, and pairs as `[CLS] A [SEP] B [SEP]`.
    ///
    /// # Errors
    ///
    /// The tokens cannot be added.
    pub fn with_encoder_tokens(self) -> Result<Self, TokenizerError> {
        let roles = [
            ("pad_token", "[PAD]"),
            ("cls_token", "[CLS]"),
            ("sep_token", "[SEP]"),
            ("mask_token", "[MASK]"),
        ];
        let mut inner = self.inner.as_ref().clone();
        let tokens = roles.map(|(_, token)| AddedToken::from(token, true));
        inner.add_special_tokens(tokens).map_err(failed("build"))?;
        let id = |token: &str| inner.token_to_id(token).map(|id| (token.to_owned(), id));
        let around: Vec<(String, u32)> = ["[CLS]", "[SEP]"].into_iter().filter_map(id).collect();
        let template = TemplateProcessing::builder()
            .try_single("[CLS]:0 $A:0 [SEP]:0")
            .and_then(|builder| builder.try_pair("[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1"))
            .map_err(|error| failed("build")(error.into()))?
            .special_tokens(around)
            .build()
            .map_err(|error| failed("build")(error.into()))?;
        inner.with_post_processor(Some(template));
        let mut config = self.config;
        config.extend(roles.map(|(role, token)| (role.to_owned(), token.into())));
        Ok(Self::new(inner, config))
    }
}

/// The longest piece of a text, in bytes.
const LONGEST_PIECE: usize = 64;

/// Splits a text into words, and long words into pieces.
fn bounded(bytes: ByteLevel) -> Result<PreTokenizerWrapper, TokenizerError> {
    let pattern = SplitPattern::Regex(format!(".{{1,{LONGEST_PIECE}}}"));
    let pieces = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
    let pieces = pieces.map_err(failed("build"))?;
    Ok(Sequence::new(vec![bytes.into(), pieces.into()]).into())
}
