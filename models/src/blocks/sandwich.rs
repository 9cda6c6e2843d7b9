//! Norms before and after the sub-layers: Gemma 2 and 3.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::BlockConfig;
use crate::layers::AttentionContext;
use crate::layers::attention::Attention;
use crate::layers::dropout::dropout;
use crate::layers::feed_forward::FeedForward;
use crate::layers::norm::Norm;

/// A block with a norm before and a norm after each sub-layer.
///
/// Reference: Gemma Team 2024, §2, <https://arxiv.org/abs/2408.00118>
#[derive(Module, Debug)]
pub struct SandwichBlock {
    attention_norm: Norm,
    attention: Attention,
    attention_result_norm: Norm,
    feed_forward_norm: Norm,
    feed_forward: FeedForward,
    feed_forward_result_norm: Norm,
    dropout: Dropout,
}

impl SandwichBlock {
    /// A block of zeros, to be initialized or loaded.
    pub fn new(config: &BlockConfig, device: &Device) -> Self {
        Self {
            attention_norm: config.norm.init(device),
            attention: config.attention.init(device),
            attention_result_norm: config.norm.init(device),
            feed_forward_norm: config.norm.init(device),
            feed_forward: config.feed_forward.init(device),
            feed_forward_result_norm: config.norm.init(device),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    /// x <- x + Norm(Attention(Norm(x)));  x <- x + Norm(FeedForward(Norm(x))), with dropout on
    /// each sub-layer's output
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        let attn_out = self.attention.forward(self.attention_norm.forward(x.clone()), context);
        let x = x + dropout(&self.dropout, self.attention_result_norm.forward(attn_out));
        let ffn_out = self.feed_forward.forward(self.feed_forward_norm.forward(x.clone()));
        x + dropout(&self.dropout, self.feed_forward_result_norm.forward(ffn_out))
    }
}
