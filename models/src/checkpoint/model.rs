//! A model with any head.

use burn::module::Module;
use burn::tensor::Device;

use crate::backbones::BackboneConfig;
use crate::families::{Architecture, Task};
use crate::heads::{
    BaseModel, CausalLm, DistilledClassifier, MaskedLm, MultipleChoice, PreTraining,
    ReplacedTokens, SentencesConfig, Seq2SeqLm, SequenceClassifier, SpanExtractor, TokenClassifier,
};
use crate::layers::recurrent::Direction;
use crate::parameters::{self, ParameterInfo, ParameterValue};
use crate::precision::Precision;

/// A model with its head, by task.
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
        (task, n_labels): (Task, usize),
        device: &Device,
    ) -> Option<Self> {
        let heads = architecture.heads();
        let backbone = match (architecture, task) {
            (Architecture::EncoderDecoder(config, _), Task::Seq2SeqLm) => {
                return Some(Self::Seq2SeqLm(Seq2SeqLm::new(config, device)));
            }
            (Architecture::Decoder(config), Task::CausalLm) => {
                return Some(Self::CausalLm(CausalLm::new(config, device)));
            }
            (Architecture::Recurrent(config), Task::CausalLm) => {
                return (config.stack.direction == Direction::Forward)
                    .then(|| Self::CausalLm(CausalLm::new(config, device)));
            }
            (Architecture::RecurrentSeq2Seq(config), Task::Seq2SeqLm) => {
                return Some(Self::Seq2SeqLm(Seq2SeqLm::new(config, device)));
            }
            (Architecture::Encoder(config, _), Task::MaskedLm | Task::PreTraining) => {
                let masked = MaskedLm::new(
                    config,
                    heads.masked_lm.as_ref()?,
                    heads.masked_lm_output,
                    device,
                );
                if task == Task::MaskedLm {
                    return Some(Self::MaskedLm(masked));
                }
                let sentences = heads.sentences.as_ref()?;
                let model = PreTraining::new(masked, sentences, n_labels, device);
                return Some(Self::PreTraining(model));
            }
            (Architecture::RecurrentSeq2Seq(_), _) => return None,
            (Architecture::EncoderDecoder(config, _), _) => {
                BackboneConfig::EncoderDecoder(config.clone())
            }
            (Architecture::EncoderHalf(config, _), _) => {
                BackboneConfig::EncoderHalf(config.clone())
            }
            (Architecture::Recurrent(config), _) => BackboneConfig::Recurrent(config.clone()),
            (Architecture::Decoder(config), _) => BackboneConfig::Decoder(config.clone()),
            (Architecture::Encoder(config, _), _) => BackboneConfig::Encoder(config.clone()),
            (Architecture::ImageEncoder(config, _), _) => {
                BackboneConfig::ImageEncoder(config.clone())
            }
        };
        let classifier = |head, n| SequenceClassifier::new(&backbone, head, n, device);
        Some(match task {
            Task::SequenceClassifier | Task::ImageClassifier => {
                Self::SequenceClassifier(classifier(&heads.classifier, n_labels))
            }
            Task::NextSentence => {
                let SentencesConfig { task, head } = heads.sentences.as_ref()?;
                Self::SequenceClassifier(classifier(head, task.n_classes(n_labels)))
            }
            Task::MultipleChoice => {
                Self::MultipleChoice(MultipleChoice::new(&backbone, &heads.choice, device))
            }
            Task::DistilledImageClassifier => {
                Self::DistilledClassifier(DistilledClassifier::new(&backbone, n_labels, device))
            }
            Task::TokenClassifier => {
                let head = &heads.tokens;
                Self::TokenClassifier(TokenClassifier::new(&backbone, head, n_labels, device))
            }
            Task::ReplacedTokens => {
                let head = heads.replaced.as_ref()?;
                Self::ReplacedTokens(ReplacedTokens::new(&backbone, head, device))
            }
            Task::Span => Self::SpanExtractor(SpanExtractor::new(&backbone, &heads.tokens, device)),
            Task::BaseModel => Self::BaseModel(BaseModel::new(&backbone, heads.pooler, device)),
            Task::CausalLm | Task::MaskedLm | Task::Seq2SeqLm | Task::PreTraining => return None,
        })
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
