//! What a family's config describes: a task, and a backbone with the forms of its heads.

use crate::arch::cost::Cost;
use crate::arch::{
    DecoderConfig, EncoderConfig, EncoderDecoderConfig, ImageEncoderConfig, Initialization,
    OutputWeights, RecurrentConfig, RecurrentSeq2SeqConfig, StackConfig,
};
use crate::heads::HeadsConfig;
use crate::hf::config::ConfigError;

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
    /// Score the choices that a question has.
    MultipleChoice,
    /// Say whether one sentence follows another.
    NextSentence,
    /// Name the tokens that are masked, and say how two sentences are related.
    PreTraining,
    /// Say which tokens another model put there.
    ReplacedTokens,
    /// Name the class of an image.
    ImageClassifier,
    /// Name the class of an image by two tokens.
    DistilledImageClassifier,
    /// Hidden states only.
    BaseModel,
}

impl Task {
    /// Whether a model with this head writes texts.
    pub fn is_generative(self) -> bool {
        matches!(self, Self::CausalLm | Self::Seq2SeqLm)
    }
}

/// A config of any backbone, with the forms of the heads that it can carry.
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
    /// Recurrent layers that read and others that write.
    RecurrentSeq2Seq(RecurrentSeq2SeqConfig),
}

impl Architecture {
    /// The stacks of blocks: one, or an encoder's and a decoder's; none in a recurrent model.
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

    /// The forms of the heads that it can carry.
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

    /// The part of it that a model for this task has: of an encoder-decoder, some tasks take the encoder.
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

    /// Whether it reads one text and writes another.
    pub fn is_seq2seq(&self) -> bool {
        matches!(self, Self::EncoderDecoder(..) | Self::RecurrentSeq2Seq(_))
    }

    /// Features of a token between the layers.
    pub fn d_model(&self) -> usize {
        match self {
            Self::Recurrent(config) => config.stack.d_model,
            Self::RecurrentSeq2Seq(config) => config.decoder.d_model,
            _ => self.stacks()[0].d_model,
        }
    }

    /// Features of a hidden state of what it reads.
    pub fn d_output(&self) -> usize {
        match self {
            Self::Recurrent(config) => config.stack.d_model,
            Self::RecurrentSeq2Seq(config) => config.encoder.d_model,
            _ => self.stacks()[0].d_output(),
        }
    }

    /// The layers that a token runs through: of one side, or of what reads and what writes.
    pub fn depths(&self) -> Vec<usize> {
        match self {
            Self::Recurrent(config) => vec![config.stack.n_layers],
            Self::RecurrentSeq2Seq(config) => {
                vec![config.encoder.n_layers, config.decoder.n_layers]
            }
            _ => self.stacks().iter().map(|stack| stack.depth()).collect(),
        }
    }

    /// The longest text that it is for, in tokens; `None` where there is no limit.
    pub fn max_positions(&self) -> Option<usize> {
        self.stacks().iter().map(|stack| stack.max_positions).min()
    }

    /// The longest texts that it has position vectors for: of what it reads, and of what it writes.
    /// `None` where it computes them or has none.
    pub fn position_limits(&self) -> [Option<usize>; 2] {
        let stacks = self.stacks();
        [stacks.first(), stacks.last()].map(|stack| stack.and_then(|stack| stack.position_limit()))
    }

    /// Token types, each with a vector of its own.
    pub fn n_types(&self) -> usize {
        self.stacks().first().map_or(0, |stack| stack.embedding.n_types)
    }

    /// Attention heads.
    pub fn n_heads(&self) -> usize {
        let stacks = self.stacks();
        let first = stacks.first().and_then(|stack| stack.layers.first());
        first.map_or(1, |layer| layer.attention.n_heads)
    }

    /// Token ids run from 0 to this, exclusive; 0 where there are none.
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

    /// Where the weights of the projection to tokens come from; `None` where there is none.
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

    /// How the weights of a new model are drawn.
    pub fn initialization(&self) -> Initialization {
        let std = self.init_std();
        match self {
            Self::Recurrent(_) | Self::RecurrentSeq2Seq(_) => Initialization::of_recurrent(std),
            _ => Initialization::of_blocks(std, self.depths().last().copied().unwrap_or(1)),
        }
    }

    /// What it costs.
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
