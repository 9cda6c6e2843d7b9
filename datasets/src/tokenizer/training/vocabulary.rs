//! The vocabulary of a new tokenizer, by its name.

use std::fmt;
use std::str::FromStr;

use super::kind::TokenizerKind;

/// The vocabulary of a new tokenizer: `char`, `bpe:N`, `wordpiece:N` or `unigram:N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// The characters of the text.
    Characters,
    /// A byte-level BPE of at most this many tokens.
    Bpe(usize),
    /// A WordPiece vocabulary of at most this many tokens.
    WordPiece(usize),
    /// A unigram vocabulary of at most this many tokens.
    Unigram(usize),
}

impl fmt::Display for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Characters => f.write_str("char"),
            Self::Bpe(size) => write!(f, "{}:{size}", TokenizerKind::Bpe),
            Self::WordPiece(size) => write!(f, "{}:{size}", TokenizerKind::WordPiece),
            Self::Unigram(size) => write!(f, "{}:{size}", TokenizerKind::Unigram),
        }
    }
}

impl FromStr for Vocabulary {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "char" {
            return Ok(Self::Characters);
        }
        let parsed = text.split_once(':').and_then(|(kind, size)| {
            let size = size.parse().ok()?;
            Some(match kind.parse().ok()? {
                TokenizerKind::Bpe => Self::Bpe(size),
                TokenizerKind::WordPiece => Self::WordPiece(size),
                TokenizerKind::Unigram => Self::Unigram(size),
            })
        });
        parsed.ok_or_else(|| {
            format!(
                "the vocabulary {text:?} is unknown; give char, or bpe:N, wordpiece:N or unigram:N \
                 with a number of tokens, such as bpe:1000"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vocabulary_parses_to_itself() {
        for text in ["char", "bpe:300", "wordpiece:8000", "unigram:50"] {
            assert_eq!(text.parse::<Vocabulary>().unwrap().to_string(), text);
        }
        for text in ["", "bpe", "bpe:", "bpe:-1", "bpe:1e3", "words:10", "char:3", "BPE:300"] {
            assert!(text.parse::<Vocabulary>().unwrap_err().contains("bpe:N"), "{text}");
        }
    }
}
