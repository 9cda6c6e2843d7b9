//! Norms before the sub-layers, and a learned scale per feature of their outputs: DINOv2.

use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig, Initializer};
use burn::tensor::{Device, Tensor};

use super::BlockConfig;
use crate::layers::AttentionContext;
use crate::layers::attention::Attention;
use crate::layers::dropout::dropout;
use crate::layers::feed_forward::FeedForward;
use crate::layers::norm::Norm;
use crate::precision::to_f32;

/// A pre-norm block with layer scale.
///
/// Reference: Touvron et al. 2021, §2.2, <https://arxiv.org/abs/2103.17239>
#[derive(Module, Debug)]
pub struct LayerScaleBlock {
    attention: Attention,
    attention_norm: Norm,
    attention_scale: LayerScale,
    feed_forward: FeedForward,
    feed_forward_norm: Norm,
    feed_forward_scale: LayerScale,
    dropout: Dropout,
}

impl LayerScaleBlock {
    /// A block of zeros, to be initialized or loaded.
    pub fn new(config: &BlockConfig, device: &Device) -> Self {
        Self {
            attention: config.attention.init(device),
            attention_norm: config.norm.init(device),
            attention_scale: LayerScale::new(config.attention.d_model, device),
            feed_forward: config.feed_forward.init(device),
            feed_forward_norm: config.norm.init(device),
            feed_forward_scale: LayerScale::new(config.attention.d_model, device),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    /// x <- x + λ Attention(Norm(x));  x <- x + λ' FeedForward(Norm(x)), with dropout on each
    /// sub-layer's output
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        let attn_out = self.attention.forward(self.attention_norm.forward(x.clone()), context);
        let x = x + dropout(&self.dropout, self.attention_scale.forward(attn_out));
        let ffn_out = self.feed_forward.forward(self.feed_forward_norm.forward(x.clone()));
        x + dropout(&self.dropout, self.feed_forward_scale.forward(ffn_out))
    }
}

/// A learned factor per feature.
#[derive(Module, Debug)]
pub struct LayerScale {
    /// `[d_model]`
    pub lambda1: Param<Tensor<1>>,
}

impl LayerScale {
    fn new(d_model: usize, device: &Device) -> Self {
        Self { lambda1: Initializer::Ones.init([d_model], device) }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        x * to_f32(self.lambda1.val()).unsqueeze()
    }
}
