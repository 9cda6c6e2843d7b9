//! Both sub-layers have the same normalized input: GPT-J, Phi.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::BlockConfig;
use crate::layers::AttentionContext;
use crate::layers::attention::Attention;
use crate::layers::dropout::dropout;
use crate::layers::feed_forward::FeedForward;
use crate::layers::norm::Norm;

/// A block with two parallel sub-layers that share one norm.
///
/// Reference: Wang and Komatsuzaki 2021, GPT-J-6B, <https://github.com/kingoflolz/mesh-transformer-jax>
#[derive(Module, Debug)]
pub struct ParallelBlock {
    norm: Norm,
    attention: Attention,
    feed_forward: FeedForward,
    dropout: Dropout,
}

impl ParallelBlock {
    /// A block of zeros, to be initialized or loaded.
    pub fn new(config: &BlockConfig, device: &Device) -> Self {
        Self {
            norm: config.norm.init(device),
            attention: config.attention.init(device),
            feed_forward: config.feed_forward.init(device),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    /// x <- x + Dropout(Attention(Norm(x))) + Dropout(FeedForward(Norm(x)))
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        let normed = self.norm.forward(x.clone());
        let attn_out = self.attention.forward(normed.clone(), context);
        let ffn_out = self.feed_forward.forward(normed);
        x + dropout(&self.dropout, attn_out) + dropout(&self.dropout, ffn_out)
    }
}
