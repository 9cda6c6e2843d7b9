//! Classes of a whole sequence, or of an image.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear};
use burn::tensor::{Device, Tensor};

use super::pooling::Pooling;
use super::transform::{Transform, TransformConfig};
use crate::arch::{Input, Skeleton, SkeletonConfig};
use crate::layers::dropout::dropout;
use crate::layers::linear::{Bias, linear, project};
use crate::layers::mask::Padding;

/// Form of a classifier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassifierConfig {
    /// Which hidden states it reads.
    pub pooling: Pooling,
    /// What it does to them first.
    pub transform: Option<TransformConfig>,
    /// Whether the projection to classes adds a bias.
    pub bias: Bias,
    /// Probabilities of dropping a feature in training: before the transform, before the projection.
    pub dropout: [f64; 2],
}

/// A skeleton with a projection to classes: of texts, of images.
#[derive(Module, Debug)]
pub struct SequenceClassifier {
    /// The skeleton.
    pub backbone: Skeleton,
    transform: Option<Transform>,
    /// The projection to classes.
    pub classifier: Linear,
    dropout: [Dropout; 2],
    #[module(skip)]
    pooling: Pooling,
}

impl SequenceClassifier {
    /// A model of zeros, to be initialized or loaded.
    pub fn new(
        skeleton: &SkeletonConfig,
        config: &ClassifierConfig,
        n_classes: usize,
        device: &Device,
    ) -> Self {
        let pooled = config.pooling.width(skeleton.d_output());
        let width = config.transform.map_or(pooled, |transform| transform.width[1]);
        Self {
            backbone: skeleton.init(device),
            transform: config.transform.map(|transform| transform.init(device)),
            classifier: linear(width, n_classes, config.bias, device),
            dropout: config.dropout.map(|p| DropoutConfig::new(p).init()),
            pooling: config.pooling,
        }
    }

    /// The scores of all classes.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, classes]`
    pub fn forward(&self, input: &Input) -> Tensor<2> {
        self.logits(self.backbone.forward(input), input)
    }

    /// Scores of hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, classes]`
    pub fn logits(&self, hidden: Tensor<3>, input: &Input) -> Tensor<2> {
        let none = Padding::none();
        let padding = match input {
            Input::Tokens(tokens) => &tokens.padding,
            Input::Pixels(_) => &none,
        };
        let [before, after] = &self.dropout;
        let pooled = dropout(before, self.pooling.pool(hidden, padding));
        let pooled = match &self.transform {
            Some(transform) => dropout(after, transform.forward(pooled)),
            None => dropout(after, pooled),
        };
        project(&self.classifier, pooled)
    }
}
