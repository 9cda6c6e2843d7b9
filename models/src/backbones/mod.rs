//! Backbones: models without a head, each built from a config.

mod backbone;
mod backbone_config;
mod capabilities;
pub mod cost;
pub mod decoder;
mod decoding;
pub mod embedding;
pub mod encoder;
pub mod encoder_decoder;
mod image_encoder;
mod initialize;
mod inputs;
pub mod recompute;
pub mod recurrent;
mod recurrent_seq2seq;
mod shift;
pub mod stack;
mod text_stack;

pub use backbone::{Backbone, FinalStates};
pub use backbone_config::{BackboneConfig, LogitsConfig, UNBOUNDED};
pub use capabilities::{
    Capabilities, DecoderInput, Generation, Modality, UnsupportedBackbone, Visibility,
};
pub use decoder::{Decoder, DecoderConfig, OutputWeights};
pub use embedding::{EmbeddingConfig, PositionEmbedding, PositionNumbering, Projection};
pub use encoder::{Encoder, EncoderConfig};
pub use encoder_decoder::{Encoded, EncoderDecoder, EncoderDecoderConfig, EncoderHalf, OutputBias};
pub use image_encoder::{ImageEncoder, ImageEncoderConfig};
pub use initialize::{Initialization, initialize};
pub use inputs::{Inputs, TokenBatch, TokenSource};
pub use recurrent::{Recurrent, RecurrentConfig, RecurrentStackConfig};
pub use recurrent_seq2seq::{RecurrentSeq2Seq, RecurrentSeq2SeqConfig};
pub use shift::Shift;
pub use stack::{StackConfig, TransformerStack};
pub use text_stack::Embedding;
