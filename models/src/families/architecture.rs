//! What a family's config describes: a task, and a skeleton with the forms of its heads.

use crate::arch::cost::Cost;
use crate::arch::{
    DecoderConfig, EncoderConfig, EncoderDecoderConfig, ImageEncoderConfig, StackConfig,
};
use crate::heads::HeadsConfig;
use crate::wire::config::ConfigError;

/// What a model is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Name the next token.
    CausalLm,
    /// Name the tokens that are masked.
    MaskedLm,
    /// Name the next token, given another text.
    Seq2SeqLm,
    /// Name the class of a text.
    SequenceClassifier,
    /// Name the class of every token.
    TokenClassifier,
    /// Find where an answer begins and ends.
    Span,
    /// Name the class of an image.
    ImageClassifier,
    /// Name the class of an image by two tokens.
    DistilledImageClassifier,
    /// Hidden states only.
    Backbone,
}

impl Task {
    /// Whether a model with this head writes texts.
    pub fn writes(self) -> bool {
        matches!(self, Self::CausalLm | Self::Seq2SeqLm)
    }
}

/// A config of any skeleton, with the forms of the heads that it can carry.
#[derive(Debug, Clone, PartialEq)]
pub enum Architecture {
    /// Decoder-only.
    Decoder(DecoderConfig),
    /// Encoder-only, over text.
    Encoder(EncoderConfig, HeadsConfig),
    /// Encoder-only, over images.
    ImageEncoder(ImageEncoderConfig, HeadsConfig),
    /// Encoder and decoder.
    EncoderDecoder(EncoderDecoderConfig),
}

impl Architecture {
    /// The stacks of blocks: one, or an encoder's and a decoder's.
    pub fn stacks(&self) -> Vec<&StackConfig> {
        match self {
            Self::Decoder(config) => vec![&config.stack],
            Self::Encoder(config, _) => vec![&config.stack],
            Self::ImageEncoder(config, _) => vec![&config.stack],
            Self::EncoderDecoder(config) => vec![&config.encoder, &config.decoder],
        }
    }

    /// Attention heads.
    pub fn n_heads(&self) -> usize {
        self.stacks()[0].layers.first().map_or(1, |layer| layer.attention.n_heads)
    }

    /// Token ids run from 0 to this, exclusive; 0 where there are none.
    pub fn vocab_size(&self) -> usize {
        match self {
            Self::Decoder(config) => config.vocab_size,
            Self::Encoder(config, _) => config.vocab_size,
            Self::ImageEncoder(..) => 0,
            Self::EncoderDecoder(config) => config.vocab_size,
        }
    }

    /// Standard deviation of the weights at initialization.
    pub fn init_std(&self) -> f64 {
        match self {
            Self::Decoder(config) => config.init_std,
            Self::Encoder(config, _) => config.init_std,
            Self::ImageEncoder(config, _) => config.init_std,
            Self::EncoderDecoder(config) => config.init_std,
        }
    }

    /// What it costs.
    pub fn cost(&self) -> Cost<'_> {
        match self {
            Self::Decoder(config) => config.into(),
            Self::Encoder(config, _) => config.into(),
            Self::ImageEncoder(config, _) => config.into(),
            Self::EncoderDecoder(config) => config.into(),
        }
    }

    /// The decoder's config.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn into_decoder(self) -> Result<DecoderConfig, ConfigError> {
        match self {
            Self::Decoder(config) => Ok(config),
            _ => {
                let reason = "a decoder, which names the next token";
                Err(ConfigError::unsupported("the architecture", "no decoder", reason))
            }
        }
    }
}
