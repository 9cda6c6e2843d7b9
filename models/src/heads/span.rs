//! Extractive question answering: the start and the end of an answer in a text.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::token_classifier::{TokenClassifier, TokenHeadConfig};
use crate::backbones::{BackboneConfig, Inputs};

/// A backbone with two logits for each token: the start and the end of an answer.
///
/// Reference: Devlin et al. 2018, §4.2, <https://arxiv.org/abs/1810.04805>
#[derive(Module, Debug)]
pub struct SpanExtractor {
    /// A classifier with two labels: the first and the last token of the answer.
    pub ends: TokenClassifier,
}

impl SpanExtractor {
    /// Creates a model of zeros, to be initialized or loaded.
    pub fn new(backbone: &BackboneConfig, config: &TokenHeadConfig, device: &Device) -> Self {
        Self { ends: TokenClassifier::new(backbone, config, 2, device) }
    }

    /// The start and end logits of each position.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, seq]`
    pub fn forward(&self, inputs: &Inputs) -> [Tensor<2>; 2] {
        self.logits(self.ends.backbone.forward(inputs))
    }

    /// The start and end logits of hidden states.
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
