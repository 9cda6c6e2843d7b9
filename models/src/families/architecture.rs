//! The result of a family's config: a backbone and the configurations of its heads.

use super::Task;
use crate::backbones::{
    BackboneConfig, DecoderConfig, EncoderConfig, EncoderDecoderConfig, ImageEncoderConfig,
    OutputWeights, RecurrentConfig, RecurrentSeq2SeqConfig,
};
use crate::heads::HeadsConfig;

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
