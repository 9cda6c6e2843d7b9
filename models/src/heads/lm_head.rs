//! The output projection of language models: from final hidden states to the logits of tokens.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

use crate::backbones::{Backbone, BackboneConfig, LogitsConfig, OutputBias, OutputWeights};
use crate::layers::linear::{Bias, Linear};
use crate::parameters::Buffer;
use crate::precision::to_f32;

/// An output projection over the vocabulary.
///
/// ```text
/// y = (scale x) W + b;  logits = softcap tanh(y / softcap)
/// ```
#[derive(Module, Debug)]
pub struct LmHead {
    /// `None` where it is tied to the token embeddings.
    lm_head: Option<Linear>,
    output: Option<ConstantBias>,
    #[module(skip)]
    config: LogitsConfig,
}

/// A bias that is not trained.
#[derive(Module, Debug)]
pub struct ConstantBias {
    /// `[1, vocab_size]`
    pub final_logits_bias: Buffer<Param<Tensor<2>>>,
}

impl LmHead {
    /// Creates a projection of zeros, to be initialized or loaded.
    pub fn new(backbone: &BackboneConfig, config: LogitsConfig, device: &Device) -> Self {
        let vocab_size = backbone.vocab_size();
        let projection = |bias| Some(Linear::new(backbone.d_output(), vocab_size, bias, device));
        let constant = || {
            let zeros = Initializer::Zeros.init([1, vocab_size], device);
            ConstantBias { final_logits_bias: Buffer::new(zeros) }
        };
        Self {
            lm_head: match config.weights {
                OutputWeights::Tied | OutputWeights::TiedUnlessGiven => None,
                OutputWeights::Separate | OutputWeights::SeparateIfGiven => {
                    projection(Bias::Absent)
                }
                OutputWeights::SeparateWithBias => projection(Bias::Present),
            },
            output: (config.bias == OutputBias::Constant).then(constant),
            config,
        }
    }

    /// The logits of hidden states of this backbone.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, seq, vocab_size]`
    pub fn forward(&self, hidden: Tensor<3>, backbone: &Backbone) -> Tensor<3> {
        let LogitsConfig { scale, softcap, .. } = self.config;
        let hidden = if scale == 1.0 { hidden } else { hidden * scale };
        let logits = match &self.lm_head {
            Some(lm_head) => lm_head.forward(hidden),
            None => backbone.tied_logits(hidden),
        };
        let logits = match &self.output {
            Some(bias) => logits + to_f32(bias.final_logits_bias.val()).unsqueeze(),
            None => logits,
        };
        match softcap {
            Some(limit) => (logits / limit).tanh() * limit,
            None => logits,
        }
    }
}
