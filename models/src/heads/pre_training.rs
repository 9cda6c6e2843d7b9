//! Both heads of pre-training: the scores of masked tokens, and the relation of two sentences.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::classifier::{ClassificationHead, ClassifierConfig};
use super::masked_lm::MaskedLm;
use crate::arch::{Input, Tokens};

/// The task of the sentence-pair head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentenceTask {
    /// Whether the second follows the first; two classes.
    ///
    /// Reference: Devlin et al. 2018, §3.1, <https://arxiv.org/abs/1810.04805>
    Next,
    /// Whether they are in order; as many classes as the config names.
    ///
    /// Reference: Lan et al. 2019, §3.1, <https://arxiv.org/abs/1909.11942>
    Order,
}

/// Form of the head over two sentences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SentencesConfig {
    /// The question.
    pub task: SentenceTask,
    /// The head.
    pub head: ClassifierConfig,
}

/// A masked language model with a second head, over two sentences.
#[derive(Module, Debug)]
pub struct PreTraining {
    /// The model of masked tokens.
    pub masked: MaskedLm,
    /// The head over two sentences.
    pub sentences: ClassificationHead,
    #[module(skip)]
    task: SentenceTask,
}

impl SentenceTask {
    /// The number of classes of a model whose config names `n_labels`.
    pub fn n_classes(self, n_labels: usize) -> usize {
        match self {
            Self::Next => 2,
            Self::Order => n_labels,
        }
    }
}

impl PreTraining {
    /// A model whose second head is of zeros, to be initialized or loaded.
    pub fn new(
        masked: MaskedLm,
        config: &SentencesConfig,
        n_labels: usize,
        device: &Device,
    ) -> Self {
        let d_model = masked.backbone.config().stack.d_output();
        let n_classes = config.task.n_classes(n_labels);
        let sentences = config.head.init(d_model, n_classes, device);
        Self { masked, sentences, task: config.task }
    }

    /// The task of the second head.
    pub fn sentence_task(&self) -> SentenceTask {
        self.task
    }

    /// The scores of the classes of two sentences, from their hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, classes]`
    pub fn sentence_logits(&self, hidden: Tensor<3>, tokens: &Tokens) -> Tensor<2> {
        self.sentences.forward(hidden, &Input::Tokens(tokens.clone()))
    }
}
