//! Skeletons: how blocks make a model, each built from a config.

pub mod block;
pub mod cost;
pub mod decoder;
mod initialize;

pub use decoder::{Decoder, DecoderConfig, EmbeddedPositions, EmbeddingConfig, OutputWeights};
pub use initialize::{Initialization, initialize};
