//! Layers: the components of a block. They operate on tensors and depend on no model.

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

/// The context of a layer's forward pass, besides its input.
#[derive(Debug)]
pub struct AttentionContext<'a> {
    /// Which keys a query may attend to.
    pub mask: &'a Mask,
    /// How positions enter attention.
    pub positions: &'a Positions,
    /// The keys and values of the previous tokens, in incremental decoding.
    pub cache: Option<&'a mut LayerCache>,
    /// The encoder output, for layers with cross-attention.
    pub encoder: Option<EncoderOutput<'a>>,
}

/// The hidden states of an encoder.
#[derive(Debug, Clone, Copy)]
pub struct EncoderOutput<'a> {
    /// `[batch, encoder_seq, d_model]`
    pub hidden_states: &'a Tensor<3>,
    /// Which encoder positions are padding.
    pub mask: &'a Mask,
}
