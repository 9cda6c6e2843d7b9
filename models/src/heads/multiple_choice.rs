//! Multiple choice among several continuations of a text.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::classifier::{ClassifierConfig, SequenceClassifier};
use crate::backbones::{BackboneConfig, Inputs};

/// A classifier with one logit for each choice.
///
/// Reference: Radford et al. 2018, §3.3, GPT; Devlin et al. 2018, §4.4,
/// <https://arxiv.org/abs/1810.04805>
#[derive(Module, Debug)]
pub struct MultipleChoice {
    /// Computes the logit of a single text.
    pub scorer: SequenceClassifier,
}

impl MultipleChoice {
    /// Creates a model of zeros, to be initialized or loaded.
    pub fn new(backbone: &BackboneConfig, config: &ClassifierConfig, device: &Device) -> Self {
        Self { scorer: SequenceClassifier::new(backbone, config, 1, device) }
    }

    /// The logits of the choices of each question.
    ///
    /// # Shapes
    ///
    /// - `inputs`: texts `[batch * choices, seq]`, the choices of a question in consecutive rows
    /// - result: `[batch, choices]`
    ///
    /// # Panics
    ///
    /// Panics if the number of texts is not a multiple of [`Inputs::choices`].
    pub fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        self.logits(self.scorer.backbone.forward(inputs), inputs)
    }

    /// The logits for the hidden states of these inputs.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch * choices, seq, d_model]`
    /// - result: `[batch, choices]`
    ///
    /// # Panics
    ///
    /// See [`MultipleChoice::forward`].
    pub fn logits(&self, hidden: Tensor<3>, inputs: &Inputs) -> Tensor<2> {
        let scores = self.scorer.head.forward(hidden, inputs);
        let (rows, choices) = (scores.dims()[0], inputs.choices);
        assert!(rows.is_multiple_of(choices), "{rows} texts do not divide into {choices} choices");
        scores.reshape([rows / choices, choices])
    }
}
