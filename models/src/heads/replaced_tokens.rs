//! Replaced-token detection: which tokens of a text were replaced by another model.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::token_classifier::{TokenClassifier, TokenHeadConfig};
use crate::backbones::{BackboneConfig, Inputs};

/// A backbone with one logit for each token, positive where the token was replaced.
///
/// Reference: Clark et al. 2020, §2, <https://arxiv.org/abs/2003.10555>
#[derive(Module, Debug)]
pub struct ReplacedTokens {
    /// A classifier with one label: replaced.
    pub scorer: TokenClassifier,
}

impl ReplacedTokens {
    /// Creates a model of zeros, to be initialized or loaded.
    pub fn new(backbone: &BackboneConfig, config: &TokenHeadConfig, device: &Device) -> Self {
        Self { scorer: TokenClassifier::new(backbone, config, 1, device) }
    }

    /// The logit of each token.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq]`
    pub fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        self.logits(self.scorer.backbone.forward(inputs))
    }

    /// The logits of hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, seq]`
    pub fn logits(&self, hidden: Tensor<3>) -> Tensor<2> {
        self.scorer.logits(hidden).squeeze_dim(2)
    }
}
