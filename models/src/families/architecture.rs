//! The result of a family's config: a backbone and the configurations of its heads; and the tasks.

use crate::backbones::{
    BackboneConfig, DecoderConfig, EncoderConfig, EncoderDecoderConfig, ImageEncoderConfig,
    OutputWeights, RecurrentConfig, RecurrentSeq2SeqConfig,
};
use crate::heads::HeadsConfig;

/// The task of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Causal language modeling: predict the next token.
    CausalLm,
    /// Masked language modeling: predict masked tokens.
    MaskedLm,
    /// Sequence-to-sequence language modeling: predict the next token, conditioned on a source
    /// text.
    Seq2SeqLm,
    /// Classify a text.
    SequenceClassifier,
    /// Classify every token.
    TokenClassifier,
    /// Find the start and the end of an answer.
    Span,
    /// Score the choices of a question.
    MultipleChoice,
    /// Predict whether one sentence follows another.
    NextSentence,
    /// Predict masked tokens and the relation of two sentences.
    PreTraining,
    /// Detect tokens that were replaced by another model.
    ReplacedTokens,
    /// Classify an image.
    ImageClassifier,
    /// Classify an image with a class token and a distillation token.
    DistilledImageClassifier,
    /// Hidden states, without a head.
    BaseModel,
}

impl Task {
    /// Whether a model with this head generates text.
    pub fn is_generative(self) -> bool {
        matches!(self, Self::CausalLm | Self::Seq2SeqLm)
    }
}

/// A backbone, and the heads that it supports.
#[derive(Debug, Clone, PartialEq)]
pub struct Architecture {
    /// The config of the backbone.
    pub backbone: BackboneConfig,
    /// The configs of its heads.
    pub heads: HeadsConfig,
}

impl Architecture {
    /// Decoder-only.
    pub fn decoder(config: DecoderConfig) -> Self {
        Self { backbone: BackboneConfig::Decoder(config), heads: HeadsConfig::of_decoder() }
    }

    /// Encoder-only, over text.
    pub fn encoder(config: EncoderConfig, heads: HeadsConfig) -> Self {
        Self { backbone: BackboneConfig::Encoder(config), heads }
    }

    /// Encoder-only, over images.
    pub fn vision(config: ImageEncoderConfig, heads: HeadsConfig) -> Self {
        Self { backbone: BackboneConfig::Vision(config), heads }
    }

    /// Encoder and decoder.
    pub fn encoder_decoder(config: EncoderDecoderConfig, heads: HeadsConfig) -> Self {
        Self { backbone: BackboneConfig::EncoderDecoder(config), heads }
    }

    /// Recurrent layers.
    pub fn recurrent(config: RecurrentConfig) -> Self {
        Self { backbone: BackboneConfig::Recurrent(config), heads: HeadsConfig::of_recurrent() }
    }

    /// A recurrent encoder and a recurrent decoder.
    pub fn recurrent_seq2seq(config: RecurrentSeq2SeqConfig) -> Self {
        let backbone = BackboneConfig::RecurrentSeq2Seq(config);
        Self { backbone, heads: HeadsConfig::of_recurrent() }
    }

    /// The part that a model for this task uses: some tasks use only the encoder of an
    /// encoder-decoder.
    pub fn part_for(self, task: Task) -> Self {
        match self.backbone {
            BackboneConfig::EncoderDecoder(config)
                if matches!(task, Task::TokenClassifier | Task::BaseModel) =>
            {
                Self { backbone: BackboneConfig::EncoderHalf(config), heads: self.heads }
            }
            backbone => Self { backbone, heads: self.heads },
        }
    }

    /// The source of the output projection's weights; `None` where there is no such projection.
    pub fn output_mut(&mut self) -> Option<&mut OutputWeights> {
        match &mut self.backbone {
            BackboneConfig::Encoder(_) => Some(&mut self.heads.masked_lm_output),
            backbone => backbone.output_mut(),
        }
    }
}
