//! Bits per character of a language model, independent of its tokenizer.
//!
//! ```text
//! bits per character = nats / (ln 2 · characters)      perplexity = exp(nats / tokens)
//! ```
//!
//! Perplexity and loss per token are comparable only between models with the same tokenizer. Bits
//! per character and per byte are comparable between all models of the same text.

use super::ScoreError;
use std::f64::consts::LN_2;

/// The length of the text that a loss covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct TextLength {
    /// Predicted tokens.
    pub tokens: usize,
    /// Characters (Unicode scalar values) of the text of these tokens.
    pub characters: usize,
    /// Bytes of that text in UTF-8.
    pub bytes: usize,
}

impl TextLength {
    /// The length of `text`, which consists of `tokens` tokens.
    pub fn of(text: &str, tokens: usize) -> Self {
        Self { tokens, characters: text.chars().count(), bytes: text.len() }
    }
}

/// A language model's scores on a text; lower is better.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Bits {
    /// Loss per token, in nats.
    pub nats_per_token: f64,
    /// Bits per character.
    pub per_character: f64,
    /// Bits per byte.
    pub per_byte: f64,
    /// Perplexity per token; `None` if it exceeds the largest f64.
    pub perplexity: Option<f64>,
}

/// The scores for a text whose negative log-likelihoods sum to `nats`.
///
/// # Errors
///
/// [`ScoreError::Empty`] for a text without tokens or characters, [`ScoreError::Loss`] for a sum
/// that is negative or not finite.
pub fn bits(nats: f64, length: TextLength) -> Result<Bits, ScoreError> {
    for (what, count) in
        [("tokens", length.tokens), ("characters", length.characters), ("bytes", length.bytes)]
    {
        if count == 0 {
            return Err(ScoreError::Empty { what });
        }
    }
    if !nats.is_finite() || nats < 0.0 {
        return Err(ScoreError::Loss { nats });
    }
    let nats_per_token = nats / length.tokens as f64;
    Ok(Bits {
        nats_per_token,
        per_character: nats / LN_2 / length.characters as f64,
        per_byte: nats / LN_2 / length.bytes as f64,
        perplexity: Some(nats_per_token.exp()).filter(|value| value.is_finite()),
    })
}
