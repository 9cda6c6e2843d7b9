//! Norms before the sub-layers: GPT-2, Llama and most decoders since.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::BlockConfig;
use crate::layers::AttentionContext;
use crate::layers::attention::Attention;
use crate::layers::dropout::dropout;
use crate::layers::feed_forward::FeedForward;
use crate::layers::norm::Norm;

/// A pre-norm block.
///
/// Reference: Xiong et al. 2020, <https://arxiv.org/abs/2002.04745>
#[derive(Module, Debug)]
pub struct PreNormBlock {
    attention_norm: Norm,
    attention: Attention,
    feed_forward_norm: Norm,
    feed_forward: FeedForward,
    dropout: Dropout,
}

impl PreNormBlock {
    /// A block of zeros, to be initialized or loaded.
    pub fn new(config: &BlockConfig, device: &Device) -> Self {
        Self {
            attention_norm: config.norm.init(device),
            attention: config.attention.init(device),
            feed_forward_norm: config.norm.init(device),
            feed_forward: config.feed_forward.init(device),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    /// x <- x + Dropout(Attention(Norm(x)));  x <- x + Dropout(FeedForward(Norm(x)))
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        let attn_out = self.attention.forward(self.attention_norm.forward(x.clone()), context);
        let x = x + dropout(&self.dropout, attn_out);
        let ffn_out = self.feed_forward.forward(self.feed_forward_norm.forward(x.clone()));
        x + dropout(&self.dropout, ffn_out)
    }
}
