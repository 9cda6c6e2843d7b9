//! A backbone that reads one text and writes another, whichever it is.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use super::causal::UNBOUNDED;
use super::{
    Encoded, EncoderDecoder, EncoderDecoderConfig, OutputBias, OutputWeights, RecurrentSeq2Seq,
    RecurrentSeq2SeqConfig, Tokens,
};
use crate::layers::cache::Cache;
use crate::layers::embedding::EmbeddingTable;

/// A backbone that reads one text and writes another.
#[expect(clippy::large_enum_variant, reason = "there is one for each model")]
#[derive(Module, Debug)]
pub enum Seq2SeqBackbone {
    /// By blocks of attention.
    EncoderDecoder(EncoderDecoder),
    /// By recurrent layers with attention between them.
    Recurrent(RecurrentSeq2Seq),
}

/// Sizes of a backbone that reads one text and writes another.
#[expect(clippy::large_enum_variant, reason = "there is one for each model")]
#[derive(Debug, Clone, PartialEq)]
pub enum Seq2SeqConfig {
    /// By blocks of attention.
    EncoderDecoder(EncoderDecoderConfig),
    /// By recurrent layers with attention between them.
    Recurrent(RecurrentSeq2SeqConfig),
}

impl From<&EncoderDecoderConfig> for Seq2SeqConfig {
    fn from(config: &EncoderDecoderConfig) -> Self {
        Self::EncoderDecoder(config.clone())
    }
}

impl From<&RecurrentSeq2SeqConfig> for Seq2SeqConfig {
    fn from(config: &RecurrentSeq2SeqConfig) -> Self {
        Self::Recurrent(config.clone())
    }
}

impl Seq2SeqConfig {
    /// A backbone of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Seq2SeqBackbone {
        match self {
            Self::EncoderDecoder(config) => Seq2SeqBackbone::EncoderDecoder(config.init(device)),
            Self::Recurrent(config) => Seq2SeqBackbone::Recurrent(config.init(device)),
        }
    }

    /// Token ids run from 0 to this, exclusive.
    pub fn vocab_size(&self) -> usize {
        match self {
            Self::EncoderDecoder(config) => config.vocab_size,
            Self::Recurrent(config) => config.vocab_size,
        }
    }

    /// Features of the decoder's hidden states.
    pub fn d_model(&self) -> usize {
        match self {
            Self::EncoderDecoder(config) => config.decoder.d_model,
            Self::Recurrent(config) => config.decoder.d_model,
        }
    }

    /// Where the output projection's weights come from.
    pub fn output(&self) -> OutputWeights {
        match self {
            Self::EncoderDecoder(config) => config.output,
            Self::Recurrent(config) => config.output,
        }
    }

    /// What is added to the scores.
    pub fn output_bias(&self) -> OutputBias {
        match self {
            Self::EncoderDecoder(config) => config.output_bias,
            Self::Recurrent(_) => OutputBias::Absent,
        }
    }
}

impl Seq2SeqBackbone {
    /// Token ids run from 0 to this, exclusive.
    pub fn vocab_size(&self) -> usize {
        self.token_embedding().weight.lazy_shape()[0]
    }

    /// The token that a text begins with, before its own first one.
    pub fn start(&self) -> u32 {
        match self {
            Self::EncoderDecoder(model) => model.config().start,
            Self::Recurrent(model) => model.config().start,
        }
    }

    /// Factor on the last hidden states, before they are scored.
    pub fn output_scale(&self) -> f64 {
        match self {
            Self::EncoderDecoder(model) => model.config().output_scale,
            Self::Recurrent(_) => 1.0,
        }
    }

    /// The longest text that it can read, in tokens; [`UNBOUNDED`] where there is no limit.
    pub fn source_limit(&self) -> usize {
        match self {
            Self::EncoderDecoder(model) => {
                model.config().encoder.position_limit().unwrap_or(UNBOUNDED)
            }
            Self::Recurrent(_) => UNBOUNDED,
        }
    }

    /// The longest text that it can write, in tokens; [`UNBOUNDED`] where there is no limit.
    pub fn context(&self) -> usize {
        match self {
            Self::EncoderDecoder(model) => model.config().decoder.max_positions,
            Self::Recurrent(_) => UNBOUNDED,
        }
    }

    /// The table of token vectors, which a tied output projection reads too.
    pub fn token_embedding(&self) -> &EmbeddingTable {
        match self {
            Self::EncoderDecoder(model) => model.token_embedding(),
            Self::Recurrent(model) => model.token_embedding(),
        }
    }

    /// Reads texts.
    ///
    /// # Panics
    ///
    /// Panics if learned positions run out.
    pub fn encode(&self, tokens: &Tokens) -> Encoded {
        match self {
            Self::EncoderDecoder(model) => model.encode(tokens),
            Self::Recurrent(model) => model.encode(tokens),
        }
    }

    /// The final hidden states of whole texts that follow on what was encoded.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if learned positions run out.
    pub fn decode(&self, tokens: &Tokens, encoded: &Encoded) -> Tensor<3> {
        match self {
            Self::EncoderDecoder(model) => model.decode(tokens, encoded),
            Self::Recurrent(model) => model.decode(tokens, encoded),
        }
    }

    /// The final hidden states of the next tokens, given what the cache remembers: of `encoded` too,
    /// so give it the same at every step.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]`
    /// - result: `[batch, new, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if learned positions run out.
    pub fn step(&self, tokens: Tensor<2, Int>, encoded: &Encoded, cache: &mut Cache) -> Tensor<3> {
        match self {
            Self::EncoderDecoder(model) => model.step(tokens, encoded, cache),
            Self::Recurrent(model) => model.step(tokens, encoded, cache),
        }
    }

    /// An empty cache with room for `reserve` tokens; it grows when more come.
    pub fn cache(&self, reserve: usize) -> Cache {
        match self {
            Self::EncoderDecoder(model) => Cache::new(model.config().decoder.patterns(), reserve),
            Self::Recurrent(model) => model.cache(reserve),
        }
    }
}
