//! Backbones: how blocks make a model, each built from a config.

pub mod block;
mod causal;
pub mod cost;
pub mod decoder;
pub mod embedding;
pub mod encoder;
pub mod encoder_decoder;
mod initialize;
pub mod recompute;
pub mod recurrent;
mod recurrent_seq2seq;
mod seq2seq;
mod shift;
pub mod stack;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use crate::layers::embedding::EmbeddingTable;
use crate::layers::mask::Padding;
use crate::layers::position::PositionIds;
pub use causal::{CausalBackbone, CausalConfig, UNBOUNDED};
pub use decoder::{Decoder, DecoderConfig, OutputWeights};
pub use embedding::{EmbeddingConfig, PositionEmbedding, PositionNumbering, Projection};
use embedding::{Ids, InputEmbedding};
pub use encoder::{Encoder, EncoderConfig, ImageEncoder, ImageEncoderConfig};
pub use encoder_decoder::{Encoded, EncoderDecoder, EncoderDecoderConfig, EncoderHalf, OutputBias};
pub use initialize::{Initialization, initialize};
pub use recurrent::{Recurrent, RecurrentConfig, RecurrentStackConfig};
pub use recurrent_seq2seq::{RecurrentSeq2Seq, RecurrentSeq2SeqConfig};
pub use seq2seq::{Seq2SeqBackbone, Seq2SeqConfig};
pub use shift::Shift;
use stack::Pass;
pub use stack::{StackConfig, TransformerStack};

/// A batch of texts.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// `[batch, seq]`, each below the vocabulary's size.
    pub ids: Tensor<2, Int>,
    /// `[batch, seq]`, for models that have token types; type 0 where `None`.
    pub types: Option<Tensor<2, Int>>,
    /// Which of them only fill rows up.
    pub padding: Padding,
}

impl Tokens {
    /// Texts of one type.
    ///
    /// # Shapes
    ///
    /// - `ids`: `[batch, seq]`
    pub fn new(ids: Tensor<2, Int>, padding: Padding) -> Self {
        Self { ids, types: None, padding }
    }
}

/// The table of token vectors, and what is done to them.
#[derive(Module, Debug)]
pub struct Embedding {
    token: EmbeddingTable,
    input_embedding: InputEmbedding,
}

impl Embedding {
    fn new(vocab_size: usize, stack: &StackConfig, device: &Device) -> Self {
        let StackConfig { d_model, max_positions, embedding, .. } = stack;
        Self {
            token: EmbeddingTable::new(vocab_size, embedding.d_embedding, device),
            input_embedding: InputEmbedding::new(embedding, (*d_model, *max_positions), device),
        }
    }

    /// Embeds whole texts and runs them through a stack, as [`TransformerStack::forward`] or
    /// [`TransformerStack::hidden_states`] does.
    fn forward<T>(&self, tokens: &Tokens, run: impl FnOnce(Tensor<3>, Pass<'_>) -> T) -> T {
        let Tokens { ids, types, padding } = tokens;
        let length = ids.dims()[1];
        let position_ids = PositionIds::new(padding, length, length);
        let vectors = self.token.forward(ids.clone());
        let x = self.input_embedding.forward(
            vectors,
            Ids { tokens: ids, types: types.as_ref() },
            &position_ids,
        );
        run(x, Pass { position_ids: &position_ids, padding, caches: None, encoder: None })
    }
}

/// A backbone that turns one input into hidden states, whichever it is.
#[expect(clippy::large_enum_variant, reason = "there is one for each model")]
#[derive(Module, Debug)]
pub enum Backbone {
    /// Reads in both directions.
    Encoder(Encoder),
    /// Reads what came before.
    Decoder(Decoder),
    /// Looks at images.
    ImageEncoder(ImageEncoder),
    /// Carries a state on.
    Recurrent(Recurrent),
    /// Reads in both directions, then what came before, one position later.
    EncoderDecoder(EncoderDecoder),
    /// Reads in both directions: the encoder of an encoder-decoder.
    EncoderHalf(EncoderHalf),
}

/// Sizes of a backbone that turns one input into hidden states.
#[derive(Debug, Clone, PartialEq)]
pub enum BackboneConfig {
    /// Reads in both directions.
    Encoder(EncoderConfig),
    /// Reads what came before.
    Decoder(DecoderConfig),
    /// Looks at images.
    ImageEncoder(ImageEncoderConfig),
    /// Carries a state on.
    Recurrent(RecurrentConfig),
    /// Reads in both directions, then what came before, one position later.
    EncoderDecoder(EncoderDecoderConfig),
    /// Reads in both directions: the encoder of an encoder-decoder.
    EncoderHalf(EncoderDecoderConfig),
}

impl BackboneConfig {
    /// A backbone of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Backbone {
        match self {
            Self::Encoder(config) => Backbone::Encoder(config.init(device)),
            Self::Decoder(config) => Backbone::Decoder(config.init(device)),
            Self::ImageEncoder(config) => Backbone::ImageEncoder(config.init(device)),
            Self::Recurrent(config) => Backbone::Recurrent(config.init(device)),
            Self::EncoderDecoder(config) => Backbone::EncoderDecoder(config.init(device)),
            Self::EncoderHalf(config) => Backbone::EncoderHalf(config.init_encoder(device)),
        }
    }

    /// Features of the hidden states.
    pub fn d_output(&self) -> usize {
        match self {
            Self::Encoder(config) => config.stack.d_output(),
            Self::Decoder(config) => config.stack.d_output(),
            Self::ImageEncoder(config) => config.stack.d_output(),
            Self::Recurrent(config) => config.stack.d_model,
            Self::EncoderDecoder(config) => config.decoder.d_output(),
            Self::EncoderHalf(config) => config.encoder.d_output(),
        }
    }
}

/// What a backbone reads.
#[expect(clippy::large_enum_variant, reason = "there is one for each pass")]
#[derive(Debug, Clone)]
pub enum Input {
    /// Texts.
    Tokens(Tokens),
    /// Images, `[batch, channels, height, width]`.
    Pixels(Tensor<4>),
}

/// Final hidden states.
#[derive(Debug)]
pub struct FinalStates {
    /// Of the last stack, `[batch, seq, d_model]`.
    pub last: Tensor<3>,
    /// Of the encoder that the decoder reads, in an encoder-decoder.
    pub encoder: Option<Tensor<3>>,
}

impl Backbone {
    /// The final hidden states of all stacks. A decoder that reads an encoder is given `text`, or else
    /// what the encoder is given, one position later.
    ///
    /// # Panics
    ///
    /// Panics if the input is of the other kind, or learned positions run out.
    pub fn final_states(&self, input: &Input, text: Option<&Tokens>) -> FinalStates {
        let (Self::EncoderDecoder(model), Input::Tokens(source)) = (self, input) else {
            return FinalStates { last: self.forward(input), encoder: None };
        };
        let encoded = model.encode(source);
        let last = match text {
            Some(text) => model.decode(text, &encoded),
            None => model.decode(&model.shifted(source), &encoded),
        };
        FinalStates { last, encoder: Some(encoded.hidden) }
    }

    /// The final hidden states.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the input is of the other kind, or learned positions run out.
    pub fn forward(&self, input: &Input) -> Tensor<3> {
        match (self, input) {
            (Self::Encoder(encoder), Input::Tokens(tokens)) => encoder.forward(tokens),
            (Self::Decoder(decoder), Input::Tokens(tokens)) => decoder.forward(tokens),
            (Self::Recurrent(model), Input::Tokens(tokens)) => model.forward(tokens),
            (Self::EncoderDecoder(_), Input::Tokens(_)) => self.final_states(input, None).last,
            (Self::EncoderHalf(encoder), Input::Tokens(tokens)) => encoder.forward(tokens),
            (Self::ImageEncoder(encoder), Input::Pixels(pixels)) => encoder.forward(pixels.clone()),
            _ => panic!("a model of texts reads tokens, one of images reads pixels"),
        }
    }

    /// The hidden states of whole texts at every layer: the embeddings, the result of each block,
    /// and in the place of the last block's the final ones. `None` of backbones that have no such
    /// layers or read no texts.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if learned positions run out.
    pub fn hidden_states(&self, tokens: &Tokens) -> Option<Vec<Tensor<3>>> {
        match self {
            Self::Encoder(encoder) => Some(encoder.hidden_states(tokens)),
            Self::Decoder(decoder) => Some(decoder.hidden_states(tokens)),
            Self::EncoderHalf(encoder) => Some(encoder.hidden_states(tokens)),
            Self::Recurrent(_) | Self::ImageEncoder(_) | Self::EncoderDecoder(_) => None,
        }
    }

    /// The device that the weights are on.
    pub fn device(&self) -> Device {
        match self {
            Self::Encoder(encoder) => encoder.token_embedding().weight.lazy_device(),
            Self::Decoder(decoder) => decoder.token_embedding().weight.lazy_device(),
            Self::ImageEncoder(encoder) => encoder.device(),
            Self::Recurrent(model) => model.token_embedding().weight.lazy_device(),
            Self::EncoderDecoder(model) => model.token_embedding().weight.lazy_device(),
            Self::EncoderHalf(encoder) => encoder.token_embedding().weight.lazy_device(),
        }
    }
}
