//! Norms on the sub-layers' outputs: OLMo 2.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::BlockConfig;
use crate::layers::AttentionContext;
use crate::layers::attention::Attention;
use crate::layers::dropout::dropout;
use crate::layers::feed_forward::FeedForward;
use crate::layers::norm::Norm;

/// A block whose sub-layers have the unnormalized residual stream as input; their outputs are
/// normalized before they are added.
///
/// Reference: OLMo Team 2024, §3.2, <https://arxiv.org/abs/2501.00656>
#[derive(Module, Debug)]
pub struct ReorderedNormBlock {
    attention: Attention,
    attention_result_norm: Norm,
    feed_forward: FeedForward,
    feed_forward_result_norm: Norm,
    dropout: Dropout,
}

impl ReorderedNormBlock {
    /// A block of zeros, to be initialized or loaded.
    pub fn new(config: &BlockConfig, device: &Device) -> Self {
        Self {
            attention: config.attention.init(device),
            attention_result_norm: config.norm.init(device),
            feed_forward: config.feed_forward.init(device),
            feed_forward_result_norm: config.norm.init(device),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    /// x <- x + Norm(Attention(x));  x <- x + Norm(FeedForward(x)), with dropout on each
    /// sub-layer's output
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        let attn_out = self.attention.forward(x.clone(), context);
        let x = x + dropout(&self.dropout, self.attention_result_norm.forward(attn_out));
        let ffn_out = self.feed_forward.forward(x.clone());
        x + dropout(&self.dropout, self.feed_forward_result_norm.forward(ffn_out))
    }
}
