//! Corrupted texts, which an encoder-decoder learns to repair.

/// A corrupted text, with special tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorruptedText {
    /// The corrupted text.
    pub source: Vec<u32>,
    /// The text to write.
    pub target: Vec<u32>,
}
