//! Norms before the sub-layers, one of which is cross-attention: the decoders of T5 and Pegasus.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::BlockConfig;
use crate::layers::AttentionContext;
use crate::layers::attention::{Attention, CrossAttention};
use crate::layers::dropout::dropout;
use crate::layers::feed_forward::FeedForward;
use crate::layers::norm::Norm;

/// A pre-norm decoder block with cross-attention.
///
/// Reference: Raffel et al. 2019, §2.1, <https://arxiv.org/abs/1910.10683>
#[derive(Module, Debug)]
pub struct PreNormDecoderBlock {
    attention: Attention,
    attention_norm: Norm,
    cross_attention: CrossAttention,
    cross_attention_norm: Norm,
    feed_forward: FeedForward,
    feed_forward_norm: Norm,
    dropout: Dropout,
}

impl PreNormDecoderBlock {
    /// A block of zeros, to be initialized or loaded.
    pub fn new(config: &BlockConfig, device: &Device) -> Self {
        Self {
            attention: config.attention.init(device),
            attention_norm: config.norm.init(device),
            cross_attention: config.cross_attention().init(device),
            cross_attention_norm: config.norm.init(device),
            feed_forward: config.feed_forward.init(device),
            feed_forward_norm: config.norm.init(device),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    /// x <- x + Attention(Norm(x));  x <- x + CrossAttention(Norm(x), encoder);
    /// x <- x + FeedForward(Norm(x)), with dropout on each sub-layer's output
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        let attn_out = self.attention.forward(self.attention_norm.forward(x.clone()), context);
        let x = x + dropout(&self.dropout, attn_out);
        let cross_attn_out =
            self.cross_attention.forward(self.cross_attention_norm.forward(x.clone()), context);
        let x = x + dropout(&self.dropout, cross_attn_out);
        let ffn_out = self.feed_forward.forward(self.feed_forward_norm.forward(x.clone()));
        x + dropout(&self.dropout, ffn_out)
    }
}
