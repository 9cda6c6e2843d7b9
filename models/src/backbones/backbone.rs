//! Any backbone as one type: every head holds one, whatever its wiring.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::{
    BackboneConfig, Capabilities, Decoder, Encoded, Encoder, EncoderDecoder, EncoderHalf,
    ImageEncoder, Initialization, Inputs, Recurrent, RecurrentSeq2Seq, TokenBatch, TokenSource,
    UNBOUNDED,
};
use crate::layers::cache::Cache;
use crate::layers::embedding::EmbeddingTable;

/// A backbone. Its [`Capabilities`] say which methods it supports; the others panic.
#[expect(clippy::large_enum_variant, reason = "a model has one instance")]
#[derive(Module, Debug)]
pub enum Backbone {
    /// Bidirectional attention over text.
    Encoder(Encoder),
    /// Causal attention over text.
    Decoder(Decoder),
    /// A bidirectional encoder, and a causal decoder with cross-attention to it.
    EncoderDecoder(EncoderDecoder),
    /// The bidirectional encoder of an encoder-decoder.
    EncoderHalf(EncoderHalf),
    /// Recurrent layers over text.
    Recurrent(Recurrent),
    /// A recurrent encoder, and a recurrent decoder with attention to it.
    RecurrentSeq2Seq(RecurrentSeq2Seq),
    /// Bidirectional attention over image patches.
    Vision(ImageEncoder),
}

/// Final hidden states.
#[derive(Debug)]
pub struct FinalStates {
    /// Those of the last stack, `[batch, seq, d_model]`.
    pub last: Tensor<3>,
    /// Those of the encoder, in an encoder-decoder.
    pub encoder: Option<Tensor<3>>,
}

impl Backbone {
    /// The config that the backbone was built from.
    pub fn config(&self) -> BackboneConfig {
        match self {
            Self::Encoder(model) => BackboneConfig::Encoder(model.config().clone()),
            Self::Decoder(model) => BackboneConfig::Decoder(model.config().clone()),
            Self::EncoderDecoder(model) => BackboneConfig::EncoderDecoder(model.config().clone()),
            Self::EncoderHalf(model) => BackboneConfig::EncoderHalf(model.config().clone()),
            Self::Recurrent(model) => BackboneConfig::Recurrent(model.config().clone()),
            Self::RecurrentSeq2Seq(model) => {
                BackboneConfig::RecurrentSeq2Seq(model.config().clone())
            }
            Self::Vision(model) => BackboneConfig::Vision(model.config().clone()),
        }
    }

    /// What the backbone takes and computes.
    pub fn capabilities(&self) -> Capabilities {
        self.config().capabilities()
    }

    /// The distribution of initial weights.
    pub fn initialization(&self) -> Initialization {
        self.config().initialization()
    }

    /// The token embedding table, which a tied output projection shares; `None` for images.
    pub fn token_embedding(&self) -> Option<&EmbeddingTable> {
        Some(match self {
            Self::Encoder(model) => model.token_embedding(),
            Self::Decoder(model) => model.token_embedding(),
            Self::EncoderDecoder(model) => model.token_embedding(),
            Self::EncoderHalf(model) => model.token_embedding(),
            Self::Recurrent(model) => model.token_embedding(),
            Self::RecurrentSeq2Seq(model) => model.token_embedding(),
            Self::Vision(_) => return None,
        })
    }

    /// The product of hidden states with every token embedding: the logits of a model with a tied
    /// output projection.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_embedding]`
    /// - result: `[batch, seq, vocab_size]`
    ///
    /// # Panics
    ///
    /// Panics if the backbone has no token embeddings.
    pub fn tied_logits(&self, hidden: Tensor<3>) -> Tensor<3> {
        match self.token_embedding() {
            Some(table) => table.scores(hidden),
            None => self.lacks("token embeddings"),
        }
    }

    /// Vocabulary size; token ids are below it. 0 for images.
    pub fn vocab_size(&self) -> usize {
        self.token_embedding().map_or(0, |table| table.weight.lazy_shape()[0])
    }

    /// The device that the weights are on.
    pub fn device(&self) -> Device {
        match (self, self.token_embedding()) {
            (Self::Vision(model), _) => model.device(),
            (_, Some(table)) => table.weight.lazy_device(),
            (_, None) => unreachable!("a text model has token embeddings"),
        }
    }

    /// The maximum context length, in tokens; of an encoder-decoder, that of the decoder.
    /// [`UNBOUNDED`] if there is no limit.
    pub fn context(&self) -> usize {
        match self {
            Self::Encoder(model) => model.config().stack.max_positions,
            Self::Decoder(model) => model.config().stack.max_positions,
            Self::EncoderDecoder(model) => model.config().decoder.max_positions,
            Self::EncoderHalf(model) => model.config().encoder.max_positions,
            Self::Recurrent(_) | Self::RecurrentSeq2Seq(_) => UNBOUNDED,
            Self::Vision(model) => model.config().stack.max_positions,
        }
    }

    /// The maximum length of the encoder's input, in tokens; [`UNBOUNDED`] if there is no limit.
    pub fn source_limit(&self) -> usize {
        match self {
            Self::EncoderDecoder(model) => {
                model.config().encoder.position_limit().unwrap_or(UNBOUNDED)
            }
            _ => self.context(),
        }
    }

    /// The final hidden states of all stacks.
    ///
    /// # Panics
    ///
    /// Panics if the backbone's kind of input is missing, if the decoder's is and cannot be made
    /// from the encoder's ([`DecoderInput`](super::DecoderInput)), or if a sequence is longer than
    /// the learned position table.
    pub fn final_states(&self, inputs: &Inputs) -> FinalStates {
        let last = match self {
            Self::Encoder(model) => model.forward(inputs.expect_tokens()),
            Self::Decoder(model) => model.forward(inputs.expect_tokens()),
            Self::EncoderHalf(model) => model.forward(inputs.expect_tokens()),
            Self::Recurrent(model) => model.forward(inputs.expect_tokens()),
            Self::Vision(model) => model.forward(inputs.expect_pixels().clone()),
            Self::EncoderDecoder(_) | Self::RecurrentSeq2Seq(_) => {
                let encoded = self.encode(inputs.expect_tokens());
                let last = self.decode(&self.decoder_tokens(inputs), &encoded);
                return FinalStates { last, encoder: Some(encoded.hidden) };
            }
        };
        FinalStates { last, encoder: None }
    }

    /// The input of an encoder-decoder's decoder.
    fn decoder_tokens(&self, inputs: &Inputs) -> TokenBatch {
        match (&inputs.decoder, self) {
            (None, Self::EncoderDecoder(model)) => model.shifted(inputs.expect_tokens()),
            _ => inputs.expect_decoder().clone(),
        }
    }

    /// The final hidden states, `[batch, seq, d_model]`; see [`Backbone::final_states`].
    pub fn forward(&self, inputs: &Inputs) -> Tensor<3> {
        self.final_states(inputs).last
    }

    /// The hidden states of whole texts at every layer: the embeddings, the output of each block
    /// but the last, and the final hidden states. `None` for recurrent, image and encoder-decoder
    /// backbones.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if there are no tokens, or if the sequence is longer than the learned position table.
    pub fn hidden_states(&self, inputs: &Inputs) -> Option<Vec<Tensor<3>>> {
        match self {
            Self::Encoder(model) => Some(model.hidden_states(inputs.expect_tokens())),
            Self::Decoder(model) => Some(model.hidden_states(inputs.expect_tokens())),
            Self::EncoderHalf(model) => Some(model.hidden_states(inputs.expect_tokens())),
            _ => None,
        }
    }

    /// Encodes texts, for [`Backbone::decode`] and [`Backbone::decode_step`].
    ///
    /// # Panics
    ///
    /// Panics if the backbone is not an encoder-decoder, or if the sequence is longer than the
    /// learned position table.
    pub fn encode(&self, tokens: &TokenBatch) -> Encoded {
        match self {
            Self::EncoderDecoder(model) => model.encode(tokens),
            Self::RecurrentSeq2Seq(model) => model.encode(tokens),
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
            Self::EncoderDecoder(model) => model.decode(tokens, encoded),
            Self::RecurrentSeq2Seq(model) => model.decode(tokens, encoded),
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
            Self::EncoderDecoder(model) => model.step(tokens, encoded, cache),
            Self::RecurrentSeq2Seq(model) => model.step(tokens, encoded, cache),
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
            Self::Decoder(model) => model.step(tokens, cache),
            Self::Recurrent(model) => model.step(tokens, cache),
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
            Self::Decoder(model) => Cache::new(model.config().stack.patterns(), reserve),
            Self::EncoderDecoder(model) => Cache::new(model.config().decoder.patterns(), reserve),
            Self::Recurrent(model) => model.cache(reserve),
            Self::RecurrentSeq2Seq(model) => model.cache(reserve),
            _ => self.lacks("a cache"),
        }
    }

    /// Panics because of a capability that the backbone lacks.
    fn lacks(&self, what: &str) -> ! {
        panic!("{} does not have {what}", self.config().kind())
    }
}
