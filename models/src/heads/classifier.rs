//! Classes of a whole sequence, or of an image.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear};
use burn::tensor::{Device, Tensor};

use super::pooling::Pooling;
use super::prediction_head::{PredictionHead, PredictionHeadConfig};
use super::text_end::up_to;
use crate::arch::{Backbone, BackboneConfig, Input};
use crate::layers::dropout::dropout;
use crate::layers::linear::{Bias, linear, project};
use crate::layers::mask::Padding;

/// Form of a classifier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassifierConfig {
    /// Which hidden states it reads.
    pub pooling: Pooling,
    /// The token whose last occurrence ends a text; padding ends it where `None`.
    pub end: Option<u32>,
    /// What it does to them first.
    pub transform: Option<PredictionHeadConfig>,
    /// Whether the projection to classes adds a bias.
    pub bias: Bias,
    /// Probabilities of dropping a feature in training: before the transform, before the projection.
    pub dropout: [f64; 2],
}

/// From the hidden states of a sequence to the scores of classes.
#[derive(Module, Debug)]
pub struct ClassificationHead {
    transform: Option<PredictionHead>,
    /// The projection to classes.
    pub classifier: Linear,
    dropout: [Dropout; 2],
    #[module(skip)]
    pooling: Pooling,
    #[module(skip)]
    end: Option<u32>,
}

impl ClassifierConfig {
    /// A head of zeros over hidden states of `d_model` features.
    pub fn init(&self, d_model: usize, n_classes: usize, device: &Device) -> ClassificationHead {
        let pooled = self.pooling.width(d_model);
        let width = self.transform.map_or(pooled, |transform| transform.width[1]);
        ClassificationHead {
            transform: self.transform.map(|transform| transform.init(device)),
            classifier: linear(width, n_classes, self.bias, device),
            dropout: self.dropout.map(|p| DropoutConfig::new(p).init()),
            pooling: self.pooling,
            end: self.end,
        }
    }
}

impl ClassificationHead {
    /// The token whose last occurrence ends a text, which every text must have; padding ends it where
    /// `None`.
    pub fn end(&self) -> Option<u32> {
        self.end
    }

    /// Scores of the hidden states of this input.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, classes]`
    ///
    /// # Panics
    ///
    /// Panics if a text lacks the token that ends it.
    pub fn forward(&self, hidden: Tensor<3>, input: &Input) -> Tensor<2> {
        let padding = match (input, self.end) {
            (Input::Tokens(tokens), Some(end)) => up_to(end, tokens),
            (Input::Tokens(tokens), None) => tokens.padding.clone(),
            (Input::Pixels(_), _) => Padding::none(),
        };
        let [before, after] = &self.dropout;
        let pooled = dropout(before, self.pooling.pool(hidden, &padding));
        let pooled = match &self.transform {
            Some(transform) => dropout(after, transform.forward(pooled)),
            None => dropout(after, pooled),
        };
        project(&self.classifier, pooled)
    }
}

/// A backbone with a projection to classes: of texts, of images.
#[derive(Module, Debug)]
pub struct SequenceClassifier {
    /// The backbone.
    pub backbone: Backbone,
    /// What reads its hidden states.
    pub head: ClassificationHead,
}

impl SequenceClassifier {
    /// A model of zeros, to be initialized or loaded.
    pub fn new(
        backbone: &BackboneConfig,
        config: &ClassifierConfig,
        n_classes: usize,
        device: &Device,
    ) -> Self {
        let head = config.init(backbone.d_output(), n_classes, device);
        Self { backbone: backbone.init(device), head }
    }

    /// The scores of all classes.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, classes]`
    pub fn forward(&self, input: &Input) -> Tensor<2> {
        self.head.forward(self.backbone.forward(input), input)
    }
}
