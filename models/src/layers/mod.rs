//! Layers: the components of a block. They operate on tensors and depend on no model.

pub mod activation;
pub mod additive_attention;
pub mod alibi;
pub mod attention;
mod burn_workarounds;
pub mod cache;
mod context;
pub mod convolution;
pub mod disentangled;
pub mod dropout;
pub mod embedding;
pub mod feed_forward;
pub mod linear;
pub mod mask;
pub mod mixture;
pub mod norm;
pub mod observer;
pub mod patches;
pub mod position;
pub mod recorder;
pub mod recurrent;
pub mod relative_bias;
pub mod rotary;
pub mod sinusoid;

pub use context::{AttentionContext, EncoderOutput};
