//! Sequence classification, and image classification.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::pooling::Pooling;
use super::prediction_head::{PredictionHead, PredictionHeadConfig};
use super::text_end::up_to;
use crate::backbones::{Backbone, BackboneConfig, Inputs};
use crate::layers::dropout::dropout;
use crate::layers::linear::{Bias, Linear};
use crate::layers::mask::Padding;

/// Sizes and options of a classification head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassifierConfig {
    /// How the hidden states are pooled.
    pub pooling: Pooling,
    /// The token whose last occurrence ends a sequence; `None` where only padding ends it.
    pub end: Option<u32>,
    /// The transform of the pooled state.
    pub transform: Option<PredictionHeadConfig>,
    /// Whether the projection to labels has a bias.
    pub bias: Bias,
    /// Dropout probabilities in training: before the transform, and before the projection.
    pub dropout: [f64; 2],
}

/// From the hidden states of a sequence to the logits of its labels.
#[derive(Module, Debug)]
pub struct ClassificationHead {
    transform: Option<PredictionHead>,
    /// The projection to labels.
    pub classifier: Linear,
    dropout: [Dropout; 2],
    #[module(skip)]
    pooling: Pooling,
    #[module(skip)]
    end: Option<u32>,
}

impl ClassifierConfig {
    /// Creates a head of zeros over hidden states of `d_model` features.
    pub fn init(&self, d_model: usize, n_classes: usize, device: &Device) -> ClassificationHead {
        let pooled = self.pooling.width(d_model);
        let width = self.transform.map_or(pooled, |transform| transform.width[1]);
        ClassificationHead {
            transform: self.transform.map(|transform| transform.init(device)),
            classifier: Linear::new(width, n_classes, self.bias, device),
            dropout: self.dropout.map(|p| DropoutConfig::new(p).init()),
            pooling: self.pooling,
            end: self.end,
        }
    }
}

impl ClassificationHead {
    /// The token whose last occurrence ends a sequence, and which every sequence must contain;
    /// `None` where only padding ends it.
    pub fn end(&self) -> Option<u32> {
        self.end
    }

    /// The logits for the hidden states of these inputs.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, classes]`
    ///
    /// # Panics
    ///
    /// Panics if a sequence lacks its end token, or is of embeddings, among which there is none.
    pub fn forward(&self, hidden: Tensor<3>, inputs: &Inputs) -> Tensor<2> {
        let padding = match (&inputs.tokens, self.end) {
            (Some(tokens), Some(end)) => up_to(end, tokens),
            (Some(tokens), None) => tokens.padding.clone(),
            (None, _) => Padding::none(),
        };
        let [before, after] = &self.dropout;
        let pooled = dropout(before, self.pooling.pool(hidden, &padding));
        let pooled = match &self.transform {
            Some(transform) => dropout(after, transform.forward(pooled)),
            None => dropout(after, pooled),
        };
        self.classifier.forward(pooled)
    }
}

/// A backbone with a classification head, for sequences or images.
#[derive(Module, Debug)]
pub struct SequenceClassifier {
    /// The backbone.
    pub backbone: Backbone,
    /// The classification head.
    pub head: ClassificationHead,
}

impl SequenceClassifier {
    /// Creates a model of zeros, to be initialized or loaded.
    pub fn new(
        backbone: &BackboneConfig,
        config: &ClassifierConfig,
        n_classes: usize,
        device: &Device,
    ) -> Self {
        let head = config.init(backbone.d_output(), n_classes, device);
        Self { backbone: backbone.init(device), head }
    }

    /// The logits of all labels.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, classes]`
    pub fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        self.head.forward(self.backbone.forward(inputs), inputs)
    }
}
