//! Pre-training with two heads: masked tokens and sentence pairs.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::classifier::{ClassificationHead, ClassifierConfig};
use super::masked_lm::MaskedLm;
use crate::backbones::Inputs;

/// The task of the sentence-pair head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentenceTask {
    /// Whether the second sentence follows the first; two labels.
    ///
    /// Reference: Devlin et al. 2018, §3.1, <https://arxiv.org/abs/1810.04805>
    Next,
    /// Whether the sentences are in order; as many labels as the config specifies.
    ///
    /// Reference: Lan et al. 2019, §3.1, <https://arxiv.org/abs/1909.11942>
    Order,
}

/// Configuration of the head over sentence pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SentencesConfig {
    /// The task.
    pub task: SentenceTask,
    /// The head.
    pub head: ClassifierConfig,
}

/// A masked language model with a second head over sentence pairs.
#[derive(Module, Debug)]
pub struct PreTraining {
    /// The masked language model.
    pub masked: MaskedLm,
    /// The head over sentence pairs.
    pub sentences: ClassificationHead,
    #[module(skip)]
    task: SentenceTask,
}

impl SentenceTask {
    /// The number of labels of a model whose config specifies `n_labels`.
    pub fn n_classes(self, n_labels: usize) -> usize {
        match self {
            Self::Next => 2,
            Self::Order => n_labels,
        }
    }
}

impl PreTraining {
    /// Creates a model with a second head of zeros, to be initialized or loaded.
    pub fn new(
        masked: MaskedLm,
        config: &SentencesConfig,
        n_labels: usize,
        device: &Device,
    ) -> Self {
        let d_model = masked.backbone.config().d_output();
        let n_classes = config.task.n_classes(n_labels);
        let sentences = config.head.init(d_model, n_classes, device);
        Self { masked, sentences, task: config.task }
    }

    /// The task of the second head.
    pub fn sentence_task(&self) -> SentenceTask {
        self.task
    }

    /// The logits of sentence pairs, from their hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, classes]`
    pub fn sentence_logits(&self, hidden: Tensor<3>, inputs: &Inputs) -> Tensor<2> {
        self.sentences.forward(hidden, inputs)
    }
}
