//! Heads: what a backbone is asked to do.

mod base_model;
mod causal_lm;
mod classifier;
pub mod cross_entropy;
mod dense;
mod distilled;
mod embedder;
mod masked_lm;
mod multiple_choice;
pub mod pooling;
mod pre_training;
mod prediction_head;
mod replaced_tokens;
mod seq2seq_lm;
mod span;
mod steps;
mod text_end;
mod token_classifier;

pub use base_model::{BaseModel, Pooler};
pub use causal_lm::CausalLm;
pub use classifier::{ClassificationHead, ClassifierConfig, SequenceClassifier};
pub use dense::{Dense, DenseFunction, Residual};
pub use distilled::DistilledClassifier;
pub use embedder::{Embedder, Length, Step};
pub use masked_lm::{MaskedLm, TokenBias};
pub use multiple_choice::MultipleChoice;
pub use pre_training::{PreTraining, SentenceTask, SentencesConfig};
pub use prediction_head::{PredictionHead, PredictionHeadConfig};
pub use replaced_tokens::ReplacedTokens;
pub use seq2seq_lm::{ConstantBias, Seq2SeqLm};
pub use span::SpanExtractor;
pub use steps::{Cut, LayerMean, Level, Pool, PromptPooling, Unit};
pub use token_classifier::{TokenClassifier, TokenHeadConfig};

use crate::arch::OutputWeights;
use crate::layers::activation::Activation;
use crate::layers::linear::Bias;
use pooling::Pooling;

/// The forms of a family's heads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadsConfig {
    /// Before the scores of masked tokens; `None` where the family has no such head.
    pub masked_lm: Option<PredictionHeadConfig>,
    /// Where the scores of masked tokens come from.
    pub masked_lm_output: OutputWeights,
    /// What a model without a head makes of its first hidden state.
    pub pooler: Pooler,
    /// Classes of a sequence or an image.
    pub classifier: ClassifierConfig,
    /// One score for each choice.
    pub choice: ClassifierConfig,
    /// Classes of tokens, and spans.
    pub tokens: TokenHeadConfig,
    /// The relation of two sentences; `None` where the family has no such head.
    pub sentences: Option<SentencesConfig>,
    /// Which tokens are replaced; `None` where the family has no such head.
    pub replaced: Option<TokenHeadConfig>,
}

impl HeadsConfig {
    /// Those of decoders: the last token stands for the sequence.
    pub fn of_decoder() -> Self {
        Self::new(ClassifierConfig {
            pooling: Pooling::Last,
            end: None,
            transform: None,
            bias: Bias::Absent,
            dropout: [0.0; 2],
        })
    }

    /// Those of encoder-decoders: the decoder's state at the last `end` stands for the sequence.
    pub fn of_encoder_decoder(d_model: usize, end: Option<u32>, dropout: f64) -> Self {
        Self::new(ClassifierConfig {
            pooling: Pooling::Last,
            end,
            transform: Some(PredictionHeadConfig::new(d_model, Activation::Tanh)),
            bias: Bias::Present,
            dropout: [dropout; 2],
        })
    }

    /// This classifier, for choices too, and nothing that only some families have.
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

    /// Those of recurrent models: the mean of all states stands for the sequence, as the last one of
    /// two directions has read one token in one of them.
    pub fn of_recurrent() -> Self {
        let head = Self::of_decoder().classifier;
        let classifier = ClassifierConfig { pooling: Pooling::Mean, bias: Bias::Present, ..head };
        Self::new(classifier)
    }
}
