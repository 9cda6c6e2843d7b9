//! The config of any backbone, and the facts that follow from it.

use burn::tensor::Device;

use super::cost::Cost;
use super::{
    Backbone, Capabilities, DecoderConfig, DecoderInput, EncoderConfig, EncoderDecoderConfig,
    Generation, ImageEncoderConfig, Initialization, Modality, OutputBias, OutputWeights,
    RecurrentConfig, RecurrentSeq2SeqConfig, RecurrentStackConfig, StackConfig, Visibility,
};
use crate::layers::patches::PatchConfig;
use crate::layers::recurrent::Direction;

/// The context length of a model without a limit: more tokens than any text has.
pub const UNBOUNDED: usize = usize::MAX / 2;

/// Config of a backbone.
#[derive(Debug, Clone, PartialEq)]
pub enum BackboneConfig {
    /// Bidirectional attention over text.
    Encoder(EncoderConfig),
    /// Causal attention over text.
    Decoder(DecoderConfig),
    /// A bidirectional encoder, and a causal decoder with cross-attention to it.
    EncoderDecoder(EncoderDecoderConfig),
    /// The bidirectional encoder of an encoder-decoder.
    EncoderHalf(EncoderDecoderConfig),
    /// Recurrent layers over text.
    Recurrent(RecurrentConfig),
    /// A recurrent encoder, and a recurrent decoder with attention to it.
    RecurrentSeq2Seq(RecurrentSeq2SeqConfig),
    /// Bidirectional attention over image patches.
    Vision(ImageEncoderConfig),
}

/// How a language model computes its logits from the final hidden states.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogitsConfig {
    /// Where the output projection's weights come from.
    pub weights: OutputWeights,
    /// Factor on the final hidden states, before the output projection.
    pub scale: f64,
    /// The bias of the logits.
    pub bias: OutputBias,
    /// The logits are capped smoothly to `±softcap`; `None` means no cap.
    pub softcap: Option<f64>,
}

impl BackboneConfig {
    /// A backbone of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Backbone {
        match self {
            Self::Encoder(config) => Backbone::Encoder(config.init(device)),
            Self::Decoder(config) => Backbone::Decoder(config.init(device)),
            Self::EncoderDecoder(config) => Backbone::EncoderDecoder(config.init(device)),
            Self::EncoderHalf(config) => Backbone::EncoderHalf(config.init_encoder(device)),
            Self::Recurrent(config) => Backbone::Recurrent(config.init(device)),
            Self::RecurrentSeq2Seq(config) => Backbone::RecurrentSeq2Seq(config.init(device)),
            Self::Vision(config) => Backbone::Vision(config.init(device)),
        }
    }

    /// The kind of backbone, with an article.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Encoder(_) => "an encoder",
            Self::Decoder(_) => "a decoder",
            Self::EncoderDecoder(_) => "an encoder-decoder",
            Self::EncoderHalf(_) => "the encoder of an encoder-decoder",
            Self::Recurrent(_) => "a recurrent model",
            Self::RecurrentSeq2Seq(_) => "a recurrent encoder-decoder",
            Self::Vision(_) => "an image encoder",
        }
    }

    /// What the backbone takes and computes.
    pub fn capabilities(&self) -> Capabilities {
        use Visibility::{Bidirectional, Causal};
        let text = |visibility, generation, decoder| Capabilities {
            input: Modality::Text,
            visibility,
            generation,
            decoder,
        };
        let causal = text(Causal, Some(Generation::Causal), DecoderInput::None);
        let bidirectional = text(Bidirectional, None, DecoderInput::None);
        let from_source = |decoder| text(Causal, Some(Generation::FromSource), decoder);
        match self {
            Self::Encoder(_) | Self::EncoderHalf(_) => bidirectional,
            Self::Decoder(_) => causal,
            Self::EncoderDecoder(_) => from_source(DecoderInput::Shifted),
            Self::Recurrent(config) => match config.stack.direction {
                Direction::Forward => causal,
                Direction::Both => bidirectional,
            },
            Self::RecurrentSeq2Seq(_) => from_source(DecoderInput::Required),
            Self::Vision(_) => Capabilities { input: Modality::Images, ..bidirectional },
        }
    }

    /// The stacks of blocks: one, or the encoder's and the decoder's; none in a recurrent model.
    pub fn stacks(&self) -> Vec<&StackConfig> {
        match self {
            Self::Encoder(config) => vec![&config.stack],
            Self::Decoder(config) => vec![&config.stack],
            Self::EncoderDecoder(config) => vec![&config.encoder, &config.decoder],
            Self::EncoderHalf(config) => vec![&config.encoder],
            Self::Recurrent(_) | Self::RecurrentSeq2Seq(_) => Vec::new(),
            Self::Vision(config) => vec![&config.stack],
        }
    }

    /// The stacks of recurrent layers: one, or the encoder's and the decoder's.
    pub fn recurrent_stacks(&self) -> Vec<&RecurrentStackConfig> {
        match self {
            Self::Recurrent(config) => vec![&config.stack],
            Self::RecurrentSeq2Seq(config) => vec![&config.encoder, &config.decoder],
            _ => Vec::new(),
        }
    }

    /// The patches of images; `None` if the input is text.
    pub fn patches(&self) -> Option<&PatchConfig> {
        match self {
            Self::Vision(config) => Some(&config.patches),
            _ => None,
        }
    }

    /// Vocabulary size; token ids are below it. 0 for images.
    pub fn vocab_size(&self) -> usize {
        match self {
            Self::Encoder(config) => config.vocab_size,
            Self::Decoder(config) => config.vocab_size,
            Self::EncoderDecoder(config) | Self::EncoderHalf(config) => config.vocab_size,
            Self::Recurrent(config) => config.vocab_size,
            Self::RecurrentSeq2Seq(config) => config.vocab_size,
            Self::Vision(_) => 0,
        }
    }

    /// Standard deviation of the weights at initialization.
    pub fn init_std(&self) -> f64 {
        match self {
            Self::Encoder(config) => config.init_std,
            Self::Decoder(config) => config.init_std,
            Self::EncoderDecoder(config) | Self::EncoderHalf(config) => config.init_std,
            Self::Recurrent(config) => config.init_std,
            Self::RecurrentSeq2Seq(config) => config.init_std,
            Self::Vision(config) => config.init_std,
        }
    }

    /// How a language model computes its logits; `None` for encoders.
    pub fn logits(&self) -> Option<LogitsConfig> {
        let plain =
            |weights| LogitsConfig { weights, scale: 1.0, bias: OutputBias::Absent, softcap: None };
        match self {
            Self::Decoder(config) => {
                Some(LogitsConfig { softcap: config.logit_softcap, ..plain(config.output) })
            }
            Self::EncoderDecoder(config) => {
                let (scale, bias) = (config.output_scale, config.output_bias);
                Some(LogitsConfig { scale, bias, ..plain(config.output) })
            }
            Self::Recurrent(config) => Some(plain(config.output)),
            Self::RecurrentSeq2Seq(config) => Some(plain(config.output)),
            Self::Encoder(_) | Self::EncoderHalf(_) | Self::Vision(_) => None,
        }
    }

    /// Where the weights of a language model's output projection come from; `None` for encoders.
    pub fn output_mut(&mut self) -> Option<&mut OutputWeights> {
        match self {
            Self::Decoder(config) => Some(&mut config.output),
            Self::EncoderDecoder(config) => Some(&mut config.output),
            Self::Recurrent(config) => Some(&mut config.output),
            Self::RecurrentSeq2Seq(config) => Some(&mut config.output),
            Self::Encoder(_) | Self::EncoderHalf(_) | Self::Vision(_) => None,
        }
    }

    /// The decoder's start token, before the first token of the text; `None` without a decoder
    /// beside the encoder.
    pub fn start(&self) -> Option<u32> {
        match self {
            Self::EncoderDecoder(config) => Some(config.start),
            Self::RecurrentSeq2Seq(config) => Some(config.start),
            _ => None,
        }
    }

    /// Features of a hidden state between the layers.
    pub fn d_model(&self) -> usize {
        let recurrent = self.recurrent_stacks().last().map(|stack| stack.d_model);
        self.stacks().last().map(|stack| stack.d_model).or(recurrent).unwrap_or(0)
    }

    /// Features of the final hidden states.
    pub fn d_output(&self) -> usize {
        self.stacks().last().map_or_else(|| self.d_model(), |stack| stack.d_output())
    }

    /// The numbers of layers: one, or those of the encoder and the decoder.
    pub fn depths(&self) -> Vec<usize> {
        let recurrent = self.recurrent_stacks().into_iter().map(|stack| stack.n_layers);
        self.stacks().into_iter().map(StackConfig::depth).chain(recurrent).collect()
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

    /// How the weights of a new model are initialized.
    pub fn initialization(&self) -> Initialization {
        let std = self.init_std();
        match self.stacks().last() {
            Some(stack) => Initialization::of_blocks(std, stack.depth()),
            None => Initialization::of_recurrent(std),
        }
    }

    /// Its compute and memory cost.
    pub fn cost(&self) -> Cost<'_> {
        self.into()
    }
}
