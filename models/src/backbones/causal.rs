//! The causal backbones as one type: a position's hidden state depends only on earlier positions.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use super::{
    Decoder, DecoderConfig, Initialization, OutputWeights, Recurrent, RecurrentConfig, Tokens,
};
use crate::layers::cache::Cache;
use crate::layers::embedding::EmbeddingTable;

/// The context length of a model without a limit: more tokens than any text has.
pub const UNBOUNDED: usize = usize::MAX / 2;

/// A causal backbone.
#[expect(clippy::large_enum_variant, reason = "a model has one instance")]
#[derive(Module, Debug)]
pub enum CausalBackbone {
    /// Causal attention.
    Decoder(Decoder),
    /// A recurrent state.
    Recurrent(Recurrent),
}

/// Config of a causal backbone.
#[derive(Debug, Clone, PartialEq)]
pub enum CausalConfig {
    /// Causal attention.
    Decoder(DecoderConfig),
    /// A recurrent state.
    Recurrent(RecurrentConfig),
}

impl From<&DecoderConfig> for CausalConfig {
    fn from(config: &DecoderConfig) -> Self {
        Self::Decoder(config.clone())
    }
}

impl From<&RecurrentConfig> for CausalConfig {
    fn from(config: &RecurrentConfig) -> Self {
        Self::Recurrent(config.clone())
    }
}

impl CausalConfig {
    /// A backbone of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> CausalBackbone {
        match self {
            Self::Decoder(config) => CausalBackbone::Decoder(config.init(device)),
            Self::Recurrent(config) => CausalBackbone::Recurrent(config.init(device)),
        }
    }

    /// Features of the hidden states.
    pub fn d_output(&self) -> usize {
        match self {
            Self::Decoder(config) => config.stack.d_output(),
            Self::Recurrent(config) => config.stack.d_model,
        }
    }

    /// Vocabulary size; token ids are below it.
    pub fn vocab_size(&self) -> usize {
        match self {
            Self::Decoder(config) => config.vocab_size,
            Self::Recurrent(config) => config.vocab_size,
        }
    }

    /// Where the output projection's weights come from.
    pub fn output(&self) -> OutputWeights {
        match self {
            Self::Decoder(config) => config.output,
            Self::Recurrent(config) => config.output,
        }
    }
}

impl CausalBackbone {
    /// Vocabulary size; token ids are below it.
    pub fn vocab_size(&self) -> usize {
        self.token_embedding().weight.lazy_shape()[0]
    }

    /// The maximum context length, in tokens; [`UNBOUNDED`] if there is no limit.
    pub fn context(&self) -> usize {
        match self {
            Self::Decoder(decoder) => decoder.config().stack.max_positions,
            Self::Recurrent(_) => UNBOUNDED,
        }
    }

    /// Soft cap on the logits, `±logit_softcap`; `None` means no cap.
    pub fn logit_softcap(&self) -> Option<f64> {
        match self {
            Self::Decoder(decoder) => decoder.config().logit_softcap,
            Self::Recurrent(_) => None,
        }
    }

    /// The distribution of initial weights.
    pub fn initialization(&self) -> Initialization {
        match self {
            Self::Decoder(decoder) => {
                let config = decoder.config();
                Initialization::of_blocks(config.init_std, config.stack.depth())
            }
            Self::Recurrent(model) => Initialization::of_recurrent(model.config().init_std),
        }
    }

    /// The token embedding table, which a tied output projection shares.
    pub fn token_embedding(&self) -> &EmbeddingTable {
        match self {
            Self::Decoder(decoder) => decoder.token_embedding(),
            Self::Recurrent(model) => model.token_embedding(),
        }
    }

    /// The final hidden states of whole sequences.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn forward(&self, tokens: &Tokens) -> Tensor<3> {
        match self {
            Self::Decoder(decoder) => decoder.forward(tokens),
            Self::Recurrent(model) => model.forward(tokens),
        }
    }

    /// The final hidden states of the next tokens, given the cached ones.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]`
    /// - result: `[batch, new, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn step(&self, tokens: Tensor<2, Int>, cache: &mut Cache) -> Tensor<3> {
        match self {
            Self::Decoder(decoder) => decoder.step(tokens, cache),
            Self::Recurrent(model) => model.step(tokens, cache),
        }
    }

    /// An empty cache with room for `reserve` tokens; it grows as needed.
    pub fn cache(&self, reserve: usize) -> Cache {
        match self {
            Self::Decoder(decoder) => Cache::new(decoder.config().stack.states(reserve)),
            Self::Recurrent(model) => model.cache(),
        }
    }
}
