//! Where in a text an answer begins and ends.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::token_classifier::{TokenClassifier, TokenHeadConfig};
use crate::arch::{BackboneConfig, Input};

/// A backbone that scores every token as the first and as the last of an answer.
///
/// Reference: Devlin et al. 2018, §4.2, <https://arxiv.org/abs/1810.04805>
#[derive(Module, Debug)]
pub struct SpanExtractor {
    /// Two classes: the first token, the last one.
    pub ends: TokenClassifier,
}

impl SpanExtractor {
    /// A model of zeros, to be initialized or loaded.
    pub fn new(backbone: &BackboneConfig, config: &TokenHeadConfig, device: &Device) -> Self {
        Self { ends: TokenClassifier::new(backbone, config, 2, device) }
    }

    /// The scores of each position as the beginning and as the end.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, seq]`
    pub fn forward(&self, input: &Input) -> [Tensor<2>; 2] {
        self.logits(self.ends.backbone.forward(input))
    }

    /// Scores of hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - results: `[batch, seq]`
    pub fn logits(&self, hidden: Tensor<3>) -> [Tensor<2>; 2] {
        let scores = self.ends.logits(hidden);
        [0, 1].map(|end| scores.clone().slice_dim(2, end..end + 1).squeeze_dim(2))
    }
}
