//! A model with any head.

use burn::module::Module;
use burn::tensor::Device;

use crate::backbones::{Backbone, DecoderInput};
use crate::families::{Architecture, Task};
use crate::heads::{
    BaseModel, CausalLm, DistilledClassifier, MaskedLm, MultipleChoice, PreTraining,
    ReplacedTokens, SentencesConfig, Seq2SeqLm, SequenceClassifier, SpanExtractor, TokenClassifier,
};
use crate::parameters::{self, ParameterInfo, ParameterValue};
use crate::precision::Precision;

/// A model with its head, by task.
///
/// ```no_run
/// # use std::path::Path;
/// # use burn::tensor::Device;
/// use zoo_models::backbones::{Inputs, TokenBatch};
/// use zoo_models::checkpoint;
/// use zoo_models::layers::{embedding::token_ids, mask::Padding};
///
/// # fn run(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
/// let device = Device::flex();
/// let model = checkpoint::load(folder, &device)?.model;
/// let texts = TokenBatch::new(token_ids(&[101, 7592, 2088, 102], 1, &device), Padding::none());
/// for output in model.outputs(&Inputs::text(texts))? {
///     println!("{}: {:?}", output.name, output.tensor.shape);
/// }
/// # Ok(())
/// # }
/// ```
#[expect(clippy::large_enum_variant, reason = "there is one for each model")]
#[derive(Module, Debug)]
pub enum Model {
    /// Predicts the next token.
    CausalLm(CausalLm),
    /// Predicts masked tokens.
    MaskedLm(MaskedLm),
    /// Predicts the next token of a target sequence, given a source sequence.
    Seq2SeqLm(Seq2SeqLm),
    /// Predicts the label of a text or an image.
    SequenceClassifier(SequenceClassifier),
    /// Predicts the label of an image from its class token and its distillation token.
    DistilledClassifier(DistilledClassifier),
    /// Predicts the label of every token.
    TokenClassifier(TokenClassifier),
    /// Predicts the start and the end of an answer span.
    SpanExtractor(SpanExtractor),
    /// Scores the choices of a question.
    MultipleChoice(MultipleChoice),
    /// Predicts masked tokens and the relation of two sentences.
    PreTraining(PreTraining),
    /// Predicts which tokens a generator model replaced.
    ReplacedTokens(ReplacedTokens),
    /// Hidden states without a task head.
    BaseModel(BaseModel),
}

impl Model {
    /// A model with zero weights, to be initialized or loaded; `None` if the architecture does not
    /// support the task's head.
    pub fn new(
        architecture: &Architecture,
        task: Task,
        n_labels: usize,
        device: &Device,
    ) -> Option<Self> {
        let Architecture { backbone, heads } = architecture;
        // Heads other than that of a sequence-to-sequence language model have one input.
        if backbone.capabilities().decoder == DecoderInput::Required && task != Task::Seq2SeqLm {
            return None;
        }
        let masked_lm = || {
            let transform = heads.masked_lm.as_ref()?;
            MaskedLm::new(backbone, transform, heads.masked_lm_output, device).ok()
        };
        let classifier = |head, n| SequenceClassifier::new(backbone, head, n, device);
        Some(match task {
            Task::CausalLm => Self::CausalLm(CausalLm::new(backbone, device).ok()?),
            Task::Seq2SeqLm => Self::Seq2SeqLm(Seq2SeqLm::new(backbone, device).ok()?),
            Task::MaskedLm => Self::MaskedLm(masked_lm()?),
            Task::PreTraining => {
                let (masked, sentences) = (masked_lm()?, heads.sentences.as_ref()?);
                Self::PreTraining(PreTraining::new(masked, sentences, n_labels, device))
            }
            Task::SequenceClassifier | Task::ImageClassifier => {
                Self::SequenceClassifier(classifier(&heads.classifier, n_labels))
            }
            Task::NextSentence => {
                let SentencesConfig { task, head } = heads.sentences.as_ref()?;
                Self::SequenceClassifier(classifier(head, task.n_classes(n_labels)))
            }
            Task::MultipleChoice => {
                Self::MultipleChoice(MultipleChoice::new(backbone, &heads.choice, device))
            }
            Task::DistilledImageClassifier => {
                Self::DistilledClassifier(DistilledClassifier::new(backbone, n_labels, device))
            }
            Task::TokenClassifier => {
                let head = &heads.tokens;
                Self::TokenClassifier(TokenClassifier::new(backbone, head, n_labels, device))
            }
            Task::ReplacedTokens => {
                let head = heads.replaced.as_ref()?;
                Self::ReplacedTokens(ReplacedTokens::new(backbone, head, device))
            }
            Task::Span => Self::SpanExtractor(SpanExtractor::new(backbone, &heads.tokens, device)),
            Task::BaseModel => Self::BaseModel(BaseModel::new(backbone, heads.pooler, device)),
        })
    }

    /// The backbone.
    pub fn backbone(&self) -> &Backbone {
        match self {
            Self::CausalLm(model) => &model.backbone,
            Self::MaskedLm(model) => &model.backbone,
            Self::Seq2SeqLm(model) => &model.backbone,
            Self::SequenceClassifier(model) => &model.backbone,
            Self::DistilledClassifier(model) => &model.backbone,
            Self::TokenClassifier(model) => &model.backbone,
            Self::SpanExtractor(model) => &model.ends.backbone,
            Self::MultipleChoice(model) => &model.scorer.backbone,
            Self::PreTraining(model) => &model.masked.backbone,
            Self::ReplacedTokens(model) => &model.scorer.backbone,
            Self::BaseModel(model) => &model.backbone,
        }
    }

    /// The model as a causal language model, if it is one.
    pub fn into_causal_lm(self) -> Option<CausalLm> {
        match self {
            Self::CausalLm(model) => Some(model),
            _ => None,
        }
    }

    /// Every parameter's path and shape.
    pub fn parameters(&self) -> Vec<ParameterInfo> {
        parameters::list(self)
    }

    /// The model with its matrices cast to another precision; see [`parameters::cast`].
    pub fn cast(self, precision: Precision) -> Self {
        parameters::cast(self, precision.dtype())
    }

    pub(super) fn replace(
        self,
        source: &mut dyn FnMut(&ParameterInfo) -> Option<ParameterValue>,
    ) -> Self {
        parameters::replace(self, source)
    }
}
