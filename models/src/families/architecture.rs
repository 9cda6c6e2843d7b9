//! The result of a family's config: a backbone and the configurations of its heads.

use super::Task;
use crate::backbones::cost::Cost;
use crate::backbones::{
    DecoderConfig, EncoderConfig, EncoderDecoderConfig, ImageEncoderConfig, Initialization,
    OutputWeights, RecurrentConfig, RecurrentSeq2SeqConfig, StackConfig,
};
use crate::heads::HeadsConfig;
use crate::hf::config::ConfigError;

/// The config of any backbone, with those of the heads that it supports.
#[derive(Debug, Clone, PartialEq)]
pub enum Architecture {
    /// Decoder-only.
    Decoder(DecoderConfig),
    /// Encoder-only, over text.
    Encoder(EncoderConfig, HeadsConfig),
    /// Encoder-only, over images.
    ImageEncoder(ImageEncoderConfig, HeadsConfig),
    /// Encoder and decoder.
    EncoderDecoder(EncoderDecoderConfig, HeadsConfig),
    /// The encoder of an encoder-decoder.
    EncoderHalf(EncoderDecoderConfig, HeadsConfig),
    /// Recurrent layers.
    Recurrent(RecurrentConfig),
    /// A recurrent encoder and a recurrent decoder.
    RecurrentSeq2Seq(RecurrentSeq2SeqConfig),
}

impl Architecture {
    /// The stacks of blocks: one, or the encoder's and the decoder's; none in a recurrent model.
    pub fn stacks(&self) -> Vec<&StackConfig> {
        match self {
            Self::Decoder(config) => vec![&config.stack],
            Self::Encoder(config, _) => vec![&config.stack],
            Self::ImageEncoder(config, _) => vec![&config.stack],
            Self::EncoderDecoder(config, _) => vec![&config.encoder, &config.decoder],
            Self::EncoderHalf(config, _) => vec![&config.encoder],
            Self::Recurrent(_) | Self::RecurrentSeq2Seq(_) => Vec::new(),
        }
    }

    /// The configurations of the supported heads.
    pub fn heads(&self) -> HeadsConfig {
        match self {
            Self::Encoder(_, heads)
            | Self::ImageEncoder(_, heads)
            | Self::EncoderDecoder(_, heads)
            | Self::EncoderHalf(_, heads) => *heads,
            Self::Decoder(_) => HeadsConfig::of_decoder(),
            Self::Recurrent(_) | Self::RecurrentSeq2Seq(_) => HeadsConfig::of_recurrent(),
        }
    }

    /// The part that a model for this task uses: some tasks use only the encoder of an
    /// encoder-decoder.
    pub fn part_for(self, task: Task) -> Self {
        match self {
            Self::EncoderDecoder(config, heads)
                if matches!(task, Task::TokenClassifier | Task::BaseModel) =>
            {
                Self::EncoderHalf(config, heads)
            }
            whole => whole,
        }
    }

    /// Whether it is an encoder-decoder.
    pub fn is_seq2seq(&self) -> bool {
        matches!(self, Self::EncoderDecoder(..) | Self::RecurrentSeq2Seq(_))
    }

    /// Features of a hidden state between the layers.
    pub fn d_model(&self) -> usize {
        match self {
            Self::Recurrent(config) => config.stack.d_model,
            Self::RecurrentSeq2Seq(config) => config.decoder.d_model,
            _ => self.stacks()[0].d_model,
        }
    }

    /// Features of the output hidden states; of the encoder in an encoder-decoder.
    pub fn d_output(&self) -> usize {
        match self {
            Self::Recurrent(config) => config.stack.d_model,
            Self::RecurrentSeq2Seq(config) => config.encoder.d_model,
            _ => self.stacks()[0].d_output(),
        }
    }

    /// The numbers of layers: one, or those of the encoder and the decoder.
    pub fn depths(&self) -> Vec<usize> {
        match self {
            Self::Recurrent(config) => vec![config.stack.n_layers],
            Self::RecurrentSeq2Seq(config) => {
                vec![config.encoder.n_layers, config.decoder.n_layers]
            }
            _ => self.stacks().iter().map(|stack| stack.depth()).collect(),
        }
    }

    /// The longest supported sequence, in tokens; `None` if there is no limit.
    pub fn max_positions(&self) -> Option<usize> {
        self.stacks().iter().map(|stack| stack.max_positions).min()
    }

    /// The longest sequences with position embeddings, of the encoder and of the decoder. `None`
    /// where positions are computed or absent.
    pub fn position_limits(&self) -> [Option<usize>; 2] {
        let stacks = self.stacks();
        [stacks.first(), stacks.last()].map(|stack| stack.and_then(|stack| stack.position_limit()))
    }

    /// Token types, each with an embedding.
    pub fn n_types(&self) -> usize {
        self.stacks().first().map_or(0, |stack| stack.embedding.n_types)
    }

    /// The number of attention heads.
    pub fn n_heads(&self) -> usize {
        let stacks = self.stacks();
        let first = stacks.first().and_then(|stack| stack.layers.first());
        first.map_or(1, |layer| layer.attention.heads.n_heads)
    }

    /// The size of the vocabulary: token ids are below it; 0 for models without tokens.
    pub fn vocab_size(&self) -> usize {
        match self {
            Self::Decoder(config) => config.vocab_size,
            Self::Encoder(config, _) => config.vocab_size,
            Self::ImageEncoder(..) => 0,
            Self::EncoderDecoder(config, _) | Self::EncoderHalf(config, _) => config.vocab_size,
            Self::Recurrent(config) => config.vocab_size,
            Self::RecurrentSeq2Seq(config) => config.vocab_size,
        }
    }

    /// Standard deviation of the weights at initialization.
    pub fn init_std(&self) -> f64 {
        match self {
            Self::Decoder(config) => config.init_std,
            Self::Encoder(config, _) => config.init_std,
            Self::ImageEncoder(config, _) => config.init_std,
            Self::EncoderDecoder(config, _) | Self::EncoderHalf(config, _) => config.init_std,
            Self::Recurrent(config) => config.init_std,
            Self::RecurrentSeq2Seq(config) => config.init_std,
        }
    }

    /// The source of the output projection's weights; `None` where there is no such projection.
    pub fn output_mut(&mut self) -> Option<&mut OutputWeights> {
        match self {
            Self::Decoder(config) => Some(&mut config.output),
            Self::Encoder(_, heads) => Some(&mut heads.masked_lm_output),
            Self::ImageEncoder(..) => None,
            Self::EncoderDecoder(config, _) => Some(&mut config.output),
            Self::EncoderHalf(..) => None,
            Self::Recurrent(config) => Some(&mut config.output),
            Self::RecurrentSeq2Seq(config) => Some(&mut config.output),
        }
    }

    /// How the weights of a new model are initialized.
    pub fn initialization(&self) -> Initialization {
        let std = self.init_std();
        match self {
            Self::Recurrent(_) | Self::RecurrentSeq2Seq(_) => Initialization::of_recurrent(std),
            _ => Initialization::of_blocks(std, self.depths().last().copied().unwrap_or(1)),
        }
    }

    /// Its compute and memory cost.
    pub fn cost(&self) -> Cost<'_> {
        match self {
            Self::Decoder(config) => config.into(),
            Self::Encoder(config, _) => config.into(),
            Self::ImageEncoder(config, _) => config.into(),
            Self::EncoderDecoder(config, _) => config.into(),
            Self::EncoderHalf(config, _) => Cost::of_encoder(config),
            Self::Recurrent(config) => config.into(),
            Self::RecurrentSeq2Seq(config) => config.into(),
        }
    }

    /// The decoder's config.
    ///
    /// # Errors
    ///
    /// Another architecture.
    pub fn into_decoder(self) -> Result<DecoderConfig, ConfigError> {
        match self {
            Self::Decoder(config) => Ok(config),
            _ => {
                let reason = "a decoder-only model";
                Err(ConfigError::unsupported("the architecture", "not a decoder", reason))
            }
        }
    }
}
