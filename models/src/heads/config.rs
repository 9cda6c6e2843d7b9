//! The configurations of all heads of a family.

use super::pooling::Pooling;
use super::{ClassifierConfig, Pooler, PredictionHeadConfig, SentencesConfig, TokenHeadConfig};
use crate::backbones::OutputWeights;
use crate::layers::activation::Activation;
use crate::layers::linear::Bias;

/// The configurations of a family's heads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadsConfig {
    /// The transform before the logits of masked tokens; `None` where the family has no such head.
    pub masked_lm: Option<PredictionHeadConfig>,
    /// The weights of the masked-token projection.
    pub masked_lm_output: OutputWeights,
    /// The pooler of a model without a head.
    pub pooler: Pooler,
    /// The head for sequence or image classification.
    pub classifier: ClassifierConfig,
    /// The head with one logit for each choice.
    pub choice: ClassifierConfig,
    /// The head for token classification and answer spans.
    pub tokens: TokenHeadConfig,
    /// The head over sentence pairs; `None` where the family has no such head.
    pub sentences: Option<SentencesConfig>,
    /// The head for replaced-token detection; `None` where the family has no such head.
    pub replaced: Option<TokenHeadConfig>,
}

impl HeadsConfig {
    /// The heads of decoders: the last token represents the sequence.
    pub fn of_decoder() -> Self {
        Self::new(ClassifierConfig {
            pooling: Pooling::Last,
            end: None,
            transform: None,
            bias: Bias::Absent,
            dropout: [0.0; 2],
        })
    }

    /// The heads of encoder-decoders: the decoder's state at the last `end` represents the
    /// sequence.
    pub fn of_encoder_decoder(d_model: usize, end: Option<u32>, dropout: f64) -> Self {
        Self::new(ClassifierConfig {
            pooling: Pooling::Last,
            end,
            transform: Some(PredictionHeadConfig::new(d_model, Activation::Tanh)),
            bias: Bias::Present,
            dropout: [dropout; 2],
        })
    }

    /// This classifier, for multiple choice too, and none of the family-specific heads.
    pub fn new(classifier: ClassifierConfig) -> Self {
        Self {
            masked_lm: None,
            masked_lm_output: OutputWeights::Tied,
            pooler: Pooler::Absent,
            classifier,
            choice: classifier,
            tokens: TokenHeadConfig { transform: None, dropout: 0.0 },
            sentences: None,
            replaced: None,
        }
    }

    /// The heads of recurrent models: the mean of all states represents the sequence, because in a
    /// bidirectional model the last state has seen only one token in the backward direction.
    pub fn of_recurrent() -> Self {
        let head = Self::of_decoder().classifier;
        let classifier = ClassifierConfig { pooling: Pooling::Mean, bias: Bias::Present, ..head };
        Self::new(classifier)
    }
}
