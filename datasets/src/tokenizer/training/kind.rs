//! The kinds of tokenizers that can be trained.

use std::fmt;
use std::str::FromStr;

use crate::tokenizer::end_of_text::END_OF_TEXT;

/// A kind of tokenizer: how texts are normalized and split, and how the vocabulary is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenizerKind {
    /// Byte-level BPE, as in GPT-2: encodes any text without loss.
    ///
    /// Reference: Radford et al. 2019, §2.2
    Bpe,
    /// WordPiece, as in BERT: `[CLS] a ##b [SEP]`; spaces are lost, and so are unknown characters.
    ///
    /// Reference: Devlin et al. 2019, §3, <https://arxiv.org/abs/1810.04805>
    WordPiece,
    /// A unigram language model over pieces, as in SentencePiece and T5: `▁a b </s>`.
    ///
    /// Reference: Kudo 2018, <https://arxiv.org/abs/1804.10959>
    Unigram,
}

impl TokenizerKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Bpe, Self::WordPiece, Self::Unigram];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bpe => "bpe",
            Self::WordPiece => "wordpiece",
            Self::Unigram => "unigram",
        }
    }

    /// The special tokens, which have the first ids.
    pub fn special_tokens(self) -> &'static [&'static str] {
        match self {
            Self::Bpe => &[END_OF_TEXT],
            Self::WordPiece => &["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
            Self::Unigram => &["<pad>", "</s>", "<unk>"],
        }
    }
}

impl fmt::Display for TokenizerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TokenizerKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("unknown kind of tokenizer {name:?}; there are {known}")
        })
    }
}
