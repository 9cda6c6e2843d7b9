//! Masked language modeling: the logits of the original token at each position.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

use super::prediction_head::{PredictionHead, PredictionHeadConfig};
use crate::backbones::{
    Backbone, BackboneConfig, Inputs, OutputWeights, UnsupportedBackbone, Visibility,
};
use crate::layers::linear::{Bias, Linear};
use crate::precision::to_f32;

/// An encoder whose hidden states are transformed and then projected to the vocabulary, with the
/// token embeddings or a separate matrix.
///
/// Reference: Devlin et al. 2018, §3.1, <https://arxiv.org/abs/1810.04805>
#[derive(Module, Debug)]
pub struct MaskedLm {
    /// The backbone.
    pub backbone: Backbone,
    transform: PredictionHead,
    /// The output projection; `None` where it is tied to the token embeddings.
    lm_head: Option<Linear>,
    output: TokenBias,
}

/// The bias of the logits.
#[derive(Module, Debug)]
pub struct TokenBias {
    /// `[vocab_size]`
    pub bias: Param<Tensor<1>>,
}

impl MaskedLm {
    /// Creates a model of zeros, to be initialized or loaded.
    ///
    /// # Errors
    ///
    /// The backbone's hidden states depend on previous tokens only.
    pub fn new(
        config: &BackboneConfig,
        transform: &PredictionHeadConfig,
        output: OutputWeights,
        device: &Device,
    ) -> Result<Self, UnsupportedBackbone> {
        let vocab_size = config.vocab_size();
        if config.capabilities().visibility != Visibility::Bidirectional || vocab_size == 0 {
            let (head, needed) = ("masked language modeling", "an encoder of text");
            return Err(UnsupportedBackbone { head, needed, found: config.kind() });
        }
        let lm_head = match output {
            OutputWeights::Tied | OutputWeights::TiedUnlessGiven => None,
            OutputWeights::Separate
            | OutputWeights::SeparateIfGiven
            | OutputWeights::SeparateWithBias => {
                Some(Linear::new(transform.width[1], vocab_size, Bias::Absent, device))
            }
        };
        Ok(Self {
            backbone: config.init(device),
            transform: transform.init(device),
            lm_head,
            output: TokenBias { bias: Initializer::Zeros.init([vocab_size], device) },
        })
    }

    /// The size of the vocabulary: token ids are below it.
    pub fn vocab_size(&self) -> usize {
        self.backbone.vocab_size()
    }

    /// The logits of all tokens at every position.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, vocab_size]`
    pub fn forward(&self, inputs: &Inputs) -> Tensor<3> {
        self.logits(self.backbone.forward(inputs))
    }

    /// The logits of hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, seq, vocab_size]`
    pub fn logits(&self, hidden: Tensor<3>) -> Tensor<3> {
        let hidden = self.transform.forward(hidden);
        let scores = match &self.lm_head {
            Some(lm_head) => lm_head.forward(hidden),
            None => self.backbone.tied_logits(hidden),
        };
        scores + to_f32(self.output.bias.val()).unsqueeze()
    }
}
