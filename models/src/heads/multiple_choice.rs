//! The choice among several continuations of a text.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::classifier::{ClassifierConfig, SequenceClassifier};
use crate::arch::{BackboneConfig, Input};

/// A classifier with one score for each choice.
///
/// Reference: Radford et al. 2018, §3.3, GPT; Devlin et al. 2018, §4.4,
/// <https://arxiv.org/abs/1810.04805>
#[derive(Module, Debug)]
pub struct MultipleChoice {
    /// Scores a text by itself.
    pub scorer: SequenceClassifier,
}

impl MultipleChoice {
    /// A model of zeros, to be initialized or loaded.
    pub fn new(backbone: &BackboneConfig, config: &ClassifierConfig, device: &Device) -> Self {
        Self { scorer: SequenceClassifier::new(backbone, config, 1, device) }
    }

    /// The scores of the choices of each question.
    ///
    /// # Shapes
    ///
    /// - `input`: texts `[batch * choices, seq]`, the choices of a question one below the other
    /// - result: `[batch, choices]`
    ///
    /// # Panics
    ///
    /// Panics if the texts are no multiple of `choices`.
    pub fn forward(&self, input: &Input, choices: usize) -> Tensor<2> {
        self.logits(self.scorer.backbone.forward(input), input, choices)
    }

    /// Scores of hidden states of this input.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch * choices, seq, d_model]`
    /// - result: `[batch, choices]`
    ///
    /// # Panics
    ///
    /// See [`MultipleChoice::forward`].
    pub fn logits(&self, hidden: Tensor<3>, input: &Input, choices: usize) -> Tensor<2> {
        let scores = self.scorer.head.forward(hidden, input);
        let rows = scores.dims()[0];
        assert!(rows.is_multiple_of(choices), "{rows} texts, and {choices} choices a question");
        scores.reshape([rows / choices, choices])
    }
}
