//! Backbones: models without a head, each built from a config.

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
use crate::layers::observer::StackRole;
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
    /// `[batch, seq]`, each below the vocabulary size.
    pub ids: Tensor<2, Int>,
    /// `[batch, seq]`, for models with token types; `None` means type 0.
    pub types: Option<Tensor<2, Int>>,
    /// Which positions are padding.
    pub padding: Padding,
}

impl Tokens {
    /// Texts without token types.
    ///
    /// # Shapes
    ///
    /// - `ids`: `[batch, seq]`
    pub fn new(ids: Tensor<2, Int>, padding: Padding) -> Self {
        Self { ids, types: None, padding }
    }
}

/// The token embedding table and the rest of the input embedding.
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

    /// Embeds whole texts and passes them to `run`, which applies [`TransformerStack::forward`] or
    /// [`TransformerStack::hidden_states`].
    fn forward<T>(
        &self,
        role: StackRole,
        tokens: &Tokens,
        run: impl FnOnce(Tensor<3>, Pass<'_>) -> T,
    ) -> T {
        let Tokens { ids, types, padding } = tokens;
        let length = ids.dims()[1];
        let position_ids = PositionIds::new(padding, length, length);
        let vectors = self.token.forward(ids.clone());
        let x = self.input_embedding.forward(
            vectors,
            Ids { tokens: ids, types: types.as_ref() },
            &position_ids,
        );
        run(x, Pass::whole(role, &position_ids, padding))
    }
}

/// Any backbone that maps one input to hidden states.
#[expect(clippy::large_enum_variant, reason = "a model has one instance")]
#[derive(Module, Debug)]
pub enum Backbone {
    /// Bidirectional attention over text.
    Encoder(Encoder),
    /// Causal attention over text.
    Decoder(Decoder),
    /// Bidirectional attention over image patches.
    ImageEncoder(ImageEncoder),
    /// A recurrent state.
    Recurrent(Recurrent),
    /// A bidirectional encoder and a causal decoder, whose input is shifted by one position.
    EncoderDecoder(EncoderDecoder),
    /// The bidirectional encoder of an encoder-decoder.
    EncoderHalf(EncoderHalf),
}

/// Config of a backbone that maps one input to hidden states.
#[derive(Debug, Clone, PartialEq)]
pub enum BackboneConfig {
    /// Bidirectional attention over text.
    Encoder(EncoderConfig),
    /// Causal attention over text.
    Decoder(DecoderConfig),
    /// Bidirectional attention over image patches.
    ImageEncoder(ImageEncoderConfig),
    /// A recurrent state.
    Recurrent(RecurrentConfig),
    /// A bidirectional encoder and a causal decoder, whose input is shifted by one position.
    EncoderDecoder(EncoderDecoderConfig),
    /// The bidirectional encoder of an encoder-decoder.
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

/// The input of a backbone.
#[expect(clippy::large_enum_variant, reason = "a pass has one instance")]
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
    /// Those of the last stack, `[batch, seq, d_model]`.
    pub last: Tensor<3>,
    /// Those of the encoder, in an encoder-decoder.
    pub encoder: Option<Tensor<3>>,
}

impl Backbone {
    /// The final hidden states of all stacks. The input of an encoder-decoder's decoder is `text`,
    /// or by default the encoder's input, shifted by one position.
    ///
    /// # Panics
    ///
    /// Panics if the backbone does not support this kind of input, or if the sequence is longer
    /// than the learned position table.
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
    /// Panics if the backbone does not support this kind of input, or if the sequence is longer
    /// than the learned position table.
    pub fn forward(&self, input: &Input) -> Tensor<3> {
        match (self, input) {
            (Self::Encoder(encoder), Input::Tokens(tokens)) => encoder.forward(tokens),
            (Self::Decoder(decoder), Input::Tokens(tokens)) => decoder.forward(tokens),
            (Self::Recurrent(model), Input::Tokens(tokens)) => model.forward(tokens),
            (Self::EncoderDecoder(_), Input::Tokens(_)) => self.final_states(input, None).last,
            (Self::EncoderHalf(encoder), Input::Tokens(tokens)) => encoder.forward(tokens),
            (Self::ImageEncoder(encoder), Input::Pixels(pixels)) => encoder.forward(pixels.clone()),
            _ => panic!("a text model takes tokens, an image model takes pixels"),
        }
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
    /// Panics if the sequence is longer than the learned position table.
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
