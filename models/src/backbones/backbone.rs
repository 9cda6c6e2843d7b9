//! Any backbone as one type: every head holds one, whatever its wiring.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::{
    BackboneConfig, Capabilities, Decoder, Encoder, EncoderDecoder, EncoderHalf, ImageEncoder,
    Initialization, Inputs, Recurrent, RecurrentSeq2Seq, UNBOUNDED,
};
use crate::layers::embedding::EmbeddingTable;
use crate::layers::observer::{Observer, StackRole, lend};
use crate::layers::recorder::Recorder;

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

    /// The final hidden states, `[batch, seq, d_model]`; see [`Backbone::final_states`].
    pub fn forward(&self, inputs: &Inputs) -> Tensor<3> {
        self.final_states(inputs).last
    }

    /// The final hidden states of all stacks.
    ///
    /// # Panics
    ///
    /// Panics if the backbone's kind of input is missing, if an encoder-decoder lacks the decoder's
    /// input and cannot derive it from the encoder's ([`DecoderInput`](super::DecoderInput)), or if
    /// a sequence is longer than the learned position table.
    pub fn final_states(&self, inputs: &Inputs) -> FinalStates {
        self.run(inputs, None)
    }

    /// [`Backbone::final_states`] with an observer, which sees the encoder and the decoder of an
    /// encoder-decoder under their roles.
    pub fn observe(&self, inputs: &Inputs, observer: &mut dyn Observer) -> FinalStates {
        self.run(inputs, Some(observer))
    }

    fn run(&self, inputs: &Inputs, mut observer: Option<&mut dyn Observer>) -> FinalStates {
        let last = match self {
            Self::Encoder(model) => model.forward(inputs.expect_tokens(), observer),
            Self::Decoder(model) => model.forward(inputs.expect_tokens(), observer),
            Self::EncoderHalf(model) => model.forward(inputs.expect_tokens(), observer),
            Self::Recurrent(model) => model.forward(inputs.expect_tokens(), observer),
            Self::Vision(model) => model.forward(inputs.expect_pixels().clone(), observer),
            Self::EncoderDecoder(model) => {
                let source = inputs.expect_tokens();
                let encoded = model.encode(source, lend(&mut observer));
                let last = match &inputs.decoder {
                    Some(target) => model.decode(target, &encoded, observer),
                    None => model.decode(&model.shifted(source), &encoded, observer),
                };
                return FinalStates { last, encoder: Some(encoded.hidden) };
            }
            Self::RecurrentSeq2Seq(model) => {
                let encoded = model.encode(inputs.expect_tokens(), lend(&mut observer));
                let last = model.decode(inputs.expect_decoder(), &encoded, observer);
                return FinalStates { last, encoder: Some(encoded.hidden) };
            }
        };
        FinalStates { last, encoder: None }
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
    /// See [`Backbone::final_states`].
    pub fn hidden_states(&self, inputs: &Inputs) -> Option<Vec<Tensor<3>>> {
        let role = match self {
            Self::Encoder(_) | Self::EncoderHalf(_) => StackRole::Encoder,
            Self::Decoder(_) => StackRole::Decoder,
            _ => return None,
        };
        let mut recorder = Recorder::default();
        self.observe(inputs, &mut recorder);
        Some(recorder.hidden_states(role))
    }

    /// Panics because of a capability that the backbone lacks.
    pub(super) fn lacks(&self, what: &str) -> ! {
        panic!("{} does not have {what}", self.config().kind())
    }
}
