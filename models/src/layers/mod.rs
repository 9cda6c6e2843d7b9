//! Layers: what blocks are made of. They know tensors and no model.

pub mod activation;
pub mod additive_attention;
pub mod alibi;
pub mod attention;
mod burn_workarounds;
pub mod cache;
pub mod convolution;
pub mod disentangled;
pub mod dropout;
pub mod embedding;
pub mod feed_forward;
pub mod linear;
pub mod mask;
pub mod mixture;
pub mod norm;
pub mod patches;
pub mod position;
pub mod qk_norm;
pub mod recurrent;
pub mod relative_bias;
pub mod rotary;
pub mod sinusoid;

use burn::tensor::Tensor;
use cache::LayerCache;
use mask::Mask;
use position::Positions;

/// What a layer may see beside its input.
#[derive(Debug)]
pub struct AttentionContext<'a> {
    /// Which keys a query may read.
    pub mask: &'a Mask,
    /// How attention learns of positions.
    pub positions: &'a Positions,
    /// The keys and values of the tokens before, when decoding step by step.
    pub cache: Option<&'a mut LayerCache>,
    /// What an encoder made of the other sequence, for layers that read it.
    pub encoder: Option<EncoderOutput<'a>>,
}

/// The hidden states of another sequence.
#[derive(Debug, Clone, Copy)]
pub struct EncoderOutput<'a> {
    /// `[batch, encoder_seq, d_model]`
    pub hidden_states: &'a Tensor<3>,
    /// Which of them are padding.
    pub mask: &'a Mask,
}
