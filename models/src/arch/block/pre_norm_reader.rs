//! Norms before the branches, one of which reads a memory: T5's and Pegasus' decoders.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::BlockConfig;
use crate::layers::Scope;
use crate::layers::attention::Attention;
use crate::layers::dropout::dropout;
use crate::layers::feed_forward::FeedForward;
use crate::layers::norm::Norm;

/// A block of a decoder that reads a memory, with norms before its branches.
///
/// Reference: Raffel et al. 2019, §2.1, <https://arxiv.org/abs/1910.10683>
#[derive(Module, Debug)]
pub struct PreNormReaderBlock {
    attention: Attention,
    attention_norm: Norm,
    cross_attention: Attention,
    cross_attention_norm: Norm,
    feed_forward: FeedForward,
    feed_forward_norm: Norm,
    dropout: Dropout,
}

impl PreNormReaderBlock {
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

    /// x <- x + Attention(Norm(x));  x <- x + CrossAttention(Norm(x), memory);
    /// x <- x + FeedForward(Norm(x)), with dropout on what is added
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, scope: &mut Scope<'_>) -> Tensor<3> {
        let attended = self.attention.forward(self.attention_norm.forward(x.clone()), scope);
        let x = x + dropout(&self.dropout, attended);
        let read = self.cross_attention.read(self.cross_attention_norm.forward(x.clone()), scope);
        let x = x + dropout(&self.dropout, read);
        let fed = self.feed_forward.forward(self.feed_forward_norm.forward(x.clone()));
        x + dropout(&self.dropout, fed)
    }
}
