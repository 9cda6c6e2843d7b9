//! What surrounds a trained model: normalization, splitting into words, special tokens, decoding.

use serde_json::{Map, Value};
use tokenizers::models::wordlevel::WordLevel;
use tokenizers::normalizers::{BertNormalizer, Lowercase, NFKC, Nmt, Replace, Sequence, Strip};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::sequence::Sequence as PreSequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{
    AddedToken, DecoderWrapper, ModelWrapper, NormalizerWrapper, PreTokenizerWrapper, Result,
    SplitDelimiterBehavior, Tokenizer as Inner,
};

use super::kind::TokenizerKind;
use super::settings::{Casing, TokenizerTraining};
use crate::tokenizer::config::new_config;
use crate::tokenizer::surround::{T5, WITH_CLASS, surround};

/// The longest piece of a text that a model splits, in characters; in bytes for a byte-level BPE.
///
/// No word of a language is longer, so that this only bounds the time for texts without spaces: a
/// genome on one line costs what its length costs.
const LONGEST_PIECE: usize = 64;

/// The fields of `tokenizer_config.json` for special tokens with a role.
const ROLES: [(&str, &[&str]); 6] = [
    ("bos_token", &["<s>", "<bos>"]),
    ("pad_token", &["[PAD]", "<pad>"]),
    ("unk_token", &["[UNK]", "<unk>"]),
    ("cls_token", &["[CLS]"]),
    ("sep_token", &["[SEP]"]),
    ("mask_token", &["[MASK]", "<mask>"]),
];

impl TokenizerTraining {
    /// A tokenizer that splits texts into words, with an empty model.
    pub(super) fn splitter(&self) -> Result<Inner> {
        let mut inner = Inner::new(WordLevel::default());
        let bytes = byte_level();
        let lowercase = || NormalizerWrapper::Lowercase(Lowercase);
        let is_uncased = self.casing == Casing::Uncased;
        let normalizer = match self.kind {
            TokenizerKind::Bpe => is_uncased.then(lowercase),
            TokenizerKind::WordPiece => {
                Some(BertNormalizer::new(true, true, None, is_uncased).into())
            }
            // Control characters and line breaks become spaces, and runs of spaces one.
            TokenizerKind::Unigram => {
                let spaces =
                    tokenizers::normalizers::replace::ReplacePattern::Regex(" {2,}".into());
                let mut parts: Vec<NormalizerWrapper> = vec![Nmt.into(), NFKC.into()];
                parts.extend(is_uncased.then(lowercase));
                parts.push(Strip::new(false, true).into());
                parts.push(Replace::new(spaces, " ")?.into());
                Some(Sequence::new(parts).into())
            }
        };
        let words: PreTokenizerWrapper = match self.kind {
            TokenizerKind::Bpe => bytes.into(),
            TokenizerKind::WordPiece => BertPreTokenizer.into(),
            TokenizerKind::Unigram => metaspace().into(),
        };
        let pattern = SplitPattern::Regex(format!(".{{1,{LONGEST_PIECE}}}"));
        let pieces = Split::new(pattern, SplitDelimiterBehavior::Isolated, false)?;
        inner.with_normalizer(normalizer)?;
        inner.with_pre_tokenizer(Some(PreSequence::new(vec![words, pieces.into()])));
        Ok(inner)
    }

    /// The whole tokenizer of a trained model.
    pub(super) fn assemble(&self, model: ModelWrapper) -> Result<Inner> {
        let mut inner = self.splitter()?;
        inner.with_model(model);
        let special = self.all_special_tokens();
        inner.add_special_tokens(special.into_iter().map(|token| AddedToken::from(token, true)))?;
        let decoder: DecoderWrapper = match self.kind {
            TokenizerKind::Bpe => byte_level().into(),
            TokenizerKind::WordPiece => {
                tokenizers::decoders::wordpiece::WordPiece::new("##".to_owned(), true).into()
            }
            TokenizerKind::Unigram => metaspace().into(),
        };
        inner.with_decoder(Some(decoder));
        match self.kind {
            TokenizerKind::Bpe => {
                inner.with_post_processor(Some(byte_level()));
            }
            TokenizerKind::WordPiece => surround(&mut inner, &WITH_CLASS)?,
            TokenizerKind::Unigram => surround(&mut inner, &T5)?,
        }
        Ok(inner)
    }

    /// The `tokenizer_config.json`.
    pub(super) fn config(&self) -> Map<String, Value> {
        let special = self.all_special_tokens();
        let end = match self.kind {
            TokenizerKind::WordPiece => None,
            TokenizerKind::Bpe | TokenizerKind::Unigram => {
                let ends = ["</s>", crate::tokenizer::end_of_text::END_OF_TEXT];
                ends.into_iter().find(|end| special.iter().any(|token| token == end))
            }
        };
        let mut config = new_config(end);
        for (role, usual) in ROLES {
            let token = usual.iter().find(|name| special.iter().any(|token| token == *name));
            if let Some(token) = token {
                config.insert(role.to_owned(), (*token).into());
            }
        }
        config
    }
}

/// No space is prepended and offsets are not trimmed, as in GPT-2's tokenizer.
fn byte_level() -> ByteLevel {
    ByteLevel::new(false, false, true)
}

fn metaspace() -> Metaspace {
    Metaspace::new('\u{2581}', PrependScheme::Always, true)
}
