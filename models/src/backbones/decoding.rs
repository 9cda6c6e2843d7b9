//! Decoding with any backbone that generates text: token by token, and from an encoder output.

use burn::tensor::Tensor;

use super::{Backbone, Encoded, TokenBatch, TokenSource};
use crate::layers::cache::Cache;

impl Backbone {
    /// Encodes texts, for [`Backbone::decode`] and [`Backbone::decode_step`].
    ///
    /// # Panics
    ///
    /// Panics if the backbone is not an encoder-decoder, or if the sequence is longer than the
    /// learned position table.
    pub fn encode(&self, tokens: &TokenBatch) -> Encoded {
        match self {
            Self::EncoderDecoder(model) => model.encode(tokens, None),
            Self::RecurrentSeq2Seq(model) => model.encode(tokens, None),
            _ => self.lacks("an encoder beside a decoder"),
        }
    }

    /// The decoder's final hidden states for whole texts, given the encoder output.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the backbone is not an encoder-decoder, or if the sequence is longer than the
    /// learned position table.
    pub fn decode(&self, tokens: &TokenBatch, encoded: &Encoded) -> Tensor<3> {
        match self {
            Self::EncoderDecoder(model) => model.decode(tokens, encoded, None),
            Self::RecurrentSeq2Seq(model) => model.decode(tokens, encoded, None),
            _ => self.lacks("a decoder beside an encoder"),
        }
    }

    /// The decoder's final hidden states for the next tokens, given the cached ones.
    ///
    /// The cache also keeps the keys of `encoded`: pass the same one at every step.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]` ids, or vectors `[batch, new, d_embedding]`
    /// - result: `[batch, new, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the backbone is not an encoder-decoder, or if the sequence is longer than the
    /// learned position table.
    pub fn decode_step(
        &self,
        tokens: impl Into<TokenSource>,
        encoded: &Encoded,
        cache: &mut Cache,
    ) -> Tensor<3> {
        match self {
            Self::EncoderDecoder(model) => model.step(&tokens.into(), encoded, cache),
            Self::RecurrentSeq2Seq(model) => model.step(&tokens.into(), encoded, cache),
            _ => self.lacks("a decoder beside an encoder"),
        }
    }

    /// The final hidden states of the next tokens, given the cached ones.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]` ids, or vectors `[batch, new, d_embedding]`
    /// - result: `[batch, new, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the backbone does not continue texts ([`Generation::Causal`]), or if the sequence
    /// is longer than the learned position table.
    ///
    /// [`Generation::Causal`]: super::Generation::Causal
    pub fn step(&self, tokens: impl Into<TokenSource>, cache: &mut Cache) -> Tensor<3> {
        match self {
            Self::Decoder(model) => model.step(&tokens.into(), cache),
            Self::Recurrent(model) => model.step(&tokens.into(), cache),
            _ => self.lacks("steps of a single text"),
        }
    }

    /// An empty cache with room for `reserve` tokens; it grows as needed.
    ///
    /// # Panics
    ///
    /// Panics if the backbone generates no text.
    pub fn cache(&self, reserve: usize) -> Cache {
        match self {
            Self::Decoder(model) => Cache::new(model.config().stack.states(reserve)),
            Self::EncoderDecoder(model) => Cache::new(model.config().decoder.states(reserve)),
            Self::Recurrent(model) => model.cache(),
            Self::RecurrentSeq2Seq(model) => model.cache(),
            _ => self.lacks("a cache"),
        }
    }
}
