//! The settings of a tokenizer's training.

use super::kind::TokenizerKind;

/// Whether a tokenizer distinguishes upper and lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Casing {
    /// Texts are encoded as they are.
    Cased,
    /// Texts are lowercased first; WordPiece also removes accents, as in BERT.
    Uncased,
}

/// What a tokenizer is trained to be.
///
/// ```
/// use zoo_datasets::tokenizer::{Special, TokenizerKind, TokenizerTraining};
///
/// # fn main() -> Result<(), zoo_datasets::tokenizer::TokenizerError> {
/// let training = TokenizerTraining::new(TokenizerKind::WordPiece, 60);
/// let tokenizer = training.train(["low lower lowest", "new newer newest"])?;
/// assert_eq!(tokenizer.decode(&tokenizer.encode("newest low")?)?, "newest low");
/// assert_eq!(tokenizer.special(Special::Mask).map(|mask| mask.id), Some(4));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenizerTraining {
    /// The kind.
    pub kind: TokenizerKind,
    /// The maximum number of tokens, including special tokens and the alphabet.
    pub vocab_size: usize,
    /// The number of times that a pair must occur to be merged, for BPE and WordPiece.
    pub min_frequency: u64,
    /// Further special tokens, with the ids after those of the kind.
    pub special_tokens: Vec<String>,
    /// Whether texts are lowercased.
    pub casing: Casing,
    /// The number of characters to keep, the most frequent ones, for WordPiece and unigram; the
    /// others become the unknown token. `None` keeps all.
    pub limit_alphabet: Option<usize>,
}

impl TokenizerTraining {
    /// The default settings: cased, all characters, and merges of pairs that occur twice.
    pub fn new(kind: TokenizerKind, vocab_size: usize) -> Self {
        Self {
            kind,
            vocab_size,
            min_frequency: 2,
            special_tokens: Vec::new(),
            casing: Casing::Cased,
            limit_alphabet: None,
        }
    }

    /// All special tokens, in the order of their ids.
    pub(super) fn all_special_tokens(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.kind.special_tokens().iter().map(|token| (*token).to_owned()).collect();
        for token in &self.special_tokens {
            if !all.contains(token) {
                all.push(token.clone());
            }
        }
        all
    }
}
