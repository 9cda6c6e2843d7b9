//! The separator of texts.

/// The token that separates texts in tokenizers trained by this crate.
pub const END_OF_TEXT: &str = "<|endoftext|>";
