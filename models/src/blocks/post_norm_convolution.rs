//! A post-norm block with a parallel convolution: DeBERTa v2's first layer.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::BlockConfig;
use crate::layers::AttentionContext;
use crate::layers::activation::Activation;
use crate::layers::attention::Attention;
use crate::layers::convolution::{Convolution, ConvolutionConfig};
use crate::layers::dropout::dropout;
use crate::layers::feed_forward::FeedForward;
use crate::layers::norm::Norm;

/// A post-norm block plus a convolution of its input, added to its output.
///
/// Reference: He et al. 2020, appendix A.2.1, <https://arxiv.org/abs/2006.03654>
#[derive(Module, Debug)]
pub struct PostNormConvolutionBlock {
    attention: Attention,
    attention_norm: Norm,
    feed_forward: FeedForward,
    feed_forward_norm: Norm,
    convolution: Convolution,
    convolution_norm: Norm,
    dropout: Dropout,
    #[module(skip)]
    activation: Activation,
}

impl PostNormConvolutionBlock {
    /// A block of zeros, to be initialized or loaded.
    pub fn new(
        config: &BlockConfig,
        convolution: ConvolutionConfig,
        activation: Activation,
        device: &Device,
    ) -> Self {
        Self {
            attention: config.attention.init(device),
            attention_norm: config.norm.init(device),
            feed_forward: config.feed_forward.init(device),
            feed_forward_norm: config.norm.init(device),
            convolution: convolution.init(config.attention.d_model, device),
            convolution_norm: config.norm.init(device),
            dropout: DropoutConfig::new(config.dropout).init(),
            activation,
        }
    }

    /// h <- Norm(x + Attention(x));  h <- Norm(h + FeedForward(h));
    /// x <- Norm(h + f(Convolution(x))), with dropout on each sub-layer's output
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        let attn_out = self.attention.forward(x.clone(), context);
        let h = self.attention_norm.forward(x.clone() + dropout(&self.dropout, attn_out));
        let ffn_out = self.feed_forward.forward(h.clone());
        let h = self.feed_forward_norm.forward(h + dropout(&self.dropout, ffn_out));
        // Padding is zero, as the convolution's input is beyond the ends of the text.
        let x = match context.mask.padding().tokens(&x.device()) {
            Some(tokens) => x * tokens,
            None => x,
        };
        let convolved = dropout(&self.dropout, self.convolution.forward(x));
        self.convolution_norm.forward(h + self.activation.forward(convolved))
    }
}
