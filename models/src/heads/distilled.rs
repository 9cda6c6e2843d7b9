//! Image classification by two tokens: a class token trained on labels, and a distillation token
//! trained on another model's outputs.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::backbones::{Backbone, BackboneConfig, Inputs};
use crate::layers::linear::{Bias, Linear};

/// A backbone with two classification heads, whose logits are averaged.
///
/// Reference: Touvron et al. 2020, §4, <https://arxiv.org/abs/2012.12877>
#[derive(Module, Debug)]
pub struct DistilledClassifier {
    /// The backbone.
    pub backbone: Backbone,
    /// The classifier of the class token.
    pub cls_classifier: Linear,
    /// The classifier of the distillation token.
    pub distillation_classifier: Linear,
}

impl DistilledClassifier {
    /// Creates a model of zeros, to be initialized or loaded.
    pub fn new(backbone: &BackboneConfig, n_classes: usize, device: &Device) -> Self {
        let projection = || Linear::new(backbone.d_output(), n_classes, Bias::Present, device);
        Self {
            backbone: backbone.init(device),
            cls_classifier: projection(),
            distillation_classifier: projection(),
        }
    }

    /// The logits of all labels: the mean, those of the class token, and those of the distillation
    /// token.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, classes]`
    pub fn forward(&self, inputs: &Inputs) -> [Tensor<2>; 3] {
        self.logits(self.backbone.forward(inputs))
    }

    /// The logits of hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - results: `[batch, classes]`
    pub fn logits(&self, hidden: Tensor<3>) -> [Tensor<2>; 3] {
        let token = |index: usize| hidden.clone().slice_dim(1, index..index + 1).squeeze_dim(1);
        let by_class = self.cls_classifier.forward::<2>(token(0));
        let by_teacher = self.distillation_classifier.forward::<2>(token(1));
        [(by_class.clone() + by_teacher.clone()) / 2.0, by_class, by_teacher]
    }
}
