//! Token classification, also used for answer spans.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::prediction_head::{PredictionHead, PredictionHeadConfig};
use crate::backbones::{Backbone, BackboneConfig, Inputs};
use crate::layers::dropout::dropout;
use crate::layers::linear::{Bias, Linear};

/// Sizes and options of a head over every token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenHeadConfig {
    /// The transform of the hidden states.
    pub transform: Option<PredictionHeadConfig>,
    /// Dropout probability in training.
    pub dropout: f64,
}

/// A backbone with a projection of every token to labels.
#[derive(Module, Debug)]
pub struct TokenClassifier {
    /// The backbone.
    pub backbone: Backbone,
    transform: Option<PredictionHead>,
    /// The projection to labels.
    pub classifier: Linear,
    dropout: Dropout,
}

impl TokenClassifier {
    /// Creates a model of zeros, to be initialized or loaded.
    pub fn new(
        backbone: &BackboneConfig,
        config: &TokenHeadConfig,
        n_classes: usize,
        device: &Device,
    ) -> Self {
        let width = backbone.d_output();
        let width = config.transform.map_or(width, |transform| transform.width[1]);
        Self {
            backbone: backbone.init(device),
            transform: config.transform.map(|transform| transform.init(device)),
            classifier: Linear::new(width, n_classes, Bias::Present, device),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    /// The logits of all labels at every position.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, classes]`
    pub fn forward(&self, inputs: &Inputs) -> Tensor<3> {
        self.logits(self.backbone.forward(inputs))
    }

    /// The logits of hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, seq, classes]`
    pub fn logits(&self, hidden: Tensor<3>) -> Tensor<3> {
        let hidden = match &self.transform {
            Some(transform) => transform.forward(hidden),
            None => hidden,
        };
        self.classifier.forward(dropout(&self.dropout, hidden))
    }
}
