//! Both sub-layers have the same input, each through its own norm: GPT-NeoX.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::BlockConfig;
use crate::layers::AttentionContext;
use crate::layers::attention::Attention;
use crate::layers::dropout::dropout;
use crate::layers::feed_forward::FeedForward;
use crate::layers::norm::Norm;

/// A block with two parallel sub-layers, each with its own norm.
///
/// Reference: Black et al. 2022, §2.1, <https://arxiv.org/abs/2204.06745>
#[derive(Module, Debug)]
pub struct ParallelDualNormBlock {
    attention: Attention,
    attention_norm: Norm,
    feed_forward: FeedForward,
    feed_forward_norm: Norm,
    dropout: Dropout,
}

impl ParallelDualNormBlock {
    /// A block of zeros, to be initialized or loaded.
    pub fn new(config: &BlockConfig, device: &Device) -> Self {
        Self {
            attention: config.attention.init(device),
            attention_norm: config.norm.init(device),
            feed_forward: config.feed_forward.init(device),
            feed_forward_norm: config.norm.init(device),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    /// x <- x + Attention(Norm(x)) + FeedForward(Norm'(x)), with dropout on each sub-layer's output
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        let attn_out = self.attention.forward(self.attention_norm.forward(x.clone()), context);
        let ffn_out = self.feed_forward.forward(self.feed_forward_norm.forward(x.clone()));
        x + dropout(&self.dropout, attn_out) + dropout(&self.dropout, ffn_out)
    }
}
