//! No norm before attention, because the embeddings are already normalized: ModernBERT's first
//! layer.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::BlockConfig;
use crate::layers::AttentionContext;
use crate::layers::attention::Attention;
use crate::layers::dropout::dropout;
use crate::layers::feed_forward::FeedForward;
use crate::layers::norm::Norm;

/// A pre-norm block without the attention norm.
///
/// Reference: Warner et al. 2024, §2.1.1, <https://arxiv.org/abs/2412.13663>
#[derive(Module, Debug)]
pub struct NoAttentionNormBlock {
    attention: Attention,
    feed_forward: FeedForward,
    feed_forward_norm: Norm,
    dropout: Dropout,
}

impl NoAttentionNormBlock {
    /// A block of zeros, to be initialized or loaded.
    pub fn new(config: &BlockConfig, device: &Device) -> Self {
        Self {
            attention: config.attention.init(device),
            feed_forward: config.feed_forward.init(device),
            feed_forward_norm: config.norm.init(device),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    /// x <- x + Attention(x);  x <- x + FeedForward(Norm(x)), with dropout on each sub-layer's
    /// output
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        let attn_out = self.attention.forward(x.clone(), context);
        let x = x + dropout(&self.dropout, attn_out);
        let ffn_out = self.feed_forward.forward(self.feed_forward_norm.forward(x.clone()));
        x + dropout(&self.dropout, ffn_out)
    }
}
