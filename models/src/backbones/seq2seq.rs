//! The sequence-to-sequence backbones as one type: they generate a target text from a source text.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use super::causal::UNBOUNDED;
use super::{
    Encoded, EncoderDecoder, EncoderDecoderConfig, OutputBias, OutputWeights, RecurrentSeq2Seq,
    RecurrentSeq2SeqConfig, Tokens,
};
use crate::layers::cache::Cache;
use crate::layers::embedding::EmbeddingTable;

/// A sequence-to-sequence backbone.
#[expect(clippy::large_enum_variant, reason = "a model has one instance")]
#[derive(Module, Debug)]
pub enum Seq2SeqBackbone {
    /// Transformer blocks.
    EncoderDecoder(EncoderDecoder),
    /// Recurrent layers with attention between encoder and decoder.
    Recurrent(RecurrentSeq2Seq),
}

/// Config of a sequence-to-sequence backbone.
#[expect(clippy::large_enum_variant, reason = "a model has one instance")]
#[derive(Debug, Clone, PartialEq)]
pub enum Seq2SeqConfig {
    /// Transformer blocks.
    EncoderDecoder(EncoderDecoderConfig),
    /// Recurrent layers with attention between encoder and decoder.
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

    /// Vocabulary size; token ids are below it.
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

    /// The bias of the logits.
    pub fn output_bias(&self) -> OutputBias {
        match self {
            Self::EncoderDecoder(config) => config.output_bias,
            Self::Recurrent(_) => OutputBias::Absent,
        }
    }
}

impl Seq2SeqBackbone {
    /// Vocabulary size; token ids are below it.
    pub fn vocab_size(&self) -> usize {
        self.token_embedding().weight.lazy_shape()[0]
    }

    /// The decoder's start token, before the first token of the text.
    pub fn start(&self) -> u32 {
        match self {
            Self::EncoderDecoder(model) => model.config().start,
            Self::Recurrent(model) => model.config().start,
        }
    }

    /// Factor on the final hidden states, before the output projection.
    pub fn output_scale(&self) -> f64 {
        match self {
            Self::EncoderDecoder(model) => model.config().output_scale,
            Self::Recurrent(_) => 1.0,
        }
    }

    /// The maximum length of the source text, in tokens; [`UNBOUNDED`] if there is no limit.
    pub fn source_limit(&self) -> usize {
        match self {
            Self::EncoderDecoder(model) => {
                model.config().encoder.position_limit().unwrap_or(UNBOUNDED)
            }
            Self::Recurrent(_) => UNBOUNDED,
        }
    }

    /// The maximum length of the target text, in tokens; [`UNBOUNDED`] if there is no limit.
    pub fn context(&self) -> usize {
        match self {
            Self::EncoderDecoder(model) => model.config().decoder.max_positions,
            Self::Recurrent(_) => UNBOUNDED,
        }
    }

    /// The token embedding table, which a tied output projection shares.
    pub fn token_embedding(&self) -> &EmbeddingTable {
        match self {
            Self::EncoderDecoder(model) => model.token_embedding(),
            Self::Recurrent(model) => model.token_embedding(),
        }
    }

    /// Encodes texts.
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn encode(&self, tokens: &Tokens) -> Encoded {
        match self {
            Self::EncoderDecoder(model) => model.encode(tokens),
            Self::Recurrent(model) => model.encode(tokens),
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
    /// Panics if the sequence is longer than the learned position table.
    pub fn decode(&self, tokens: &Tokens, encoded: &Encoded) -> Tensor<3> {
        match self {
            Self::EncoderDecoder(model) => model.decode(tokens, encoded),
            Self::Recurrent(model) => model.decode(tokens, encoded),
        }
    }

    /// The decoder's final hidden states for the next tokens, given the cached ones.
    ///
    /// The cache also keeps the keys of `encoded`: pass the same one at every step.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]`
    /// - result: `[batch, new, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn step(&self, tokens: Tensor<2, Int>, encoded: &Encoded, cache: &mut Cache) -> Tensor<3> {
        match self {
            Self::EncoderDecoder(model) => model.step(tokens, encoded, cache),
            Self::Recurrent(model) => model.step(tokens, encoded, cache),
        }
    }

    /// An empty cache with room for `reserve` tokens; it grows as needed.
    pub fn cache(&self, reserve: usize) -> Cache {
        match self {
            Self::EncoderDecoder(model) => Cache::new(model.config().decoder.states(reserve)),
            Self::Recurrent(model) => model.cache(),
        }
    }
}
