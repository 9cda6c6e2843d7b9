//! A backbone whose hidden states know nothing of what comes after, whichever it is.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use super::{
    Decoder, DecoderConfig, Initialization, OutputWeights, Recurrent, RecurrentConfig, Tokens,
};
use crate::layers::cache::Cache;
use crate::layers::embedding::EmbeddingTable;

/// The context of a model that has no limit: more tokens than any text has.
pub const UNBOUNDED: usize = usize::MAX / 2;

/// A backbone that reads what came before.
#[expect(clippy::large_enum_variant, reason = "there is one for each model")]
#[derive(Module, Debug)]
pub enum CausalBackbone {
    /// Attends to it.
    Decoder(Decoder),
    /// Carries a state on.
    Recurrent(Recurrent),
}

/// Sizes of a backbone that reads what came before.
#[derive(Debug, Clone, PartialEq)]
pub enum CausalConfig {
    /// Attends to it.
    Decoder(DecoderConfig),
    /// Carries a state on.
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

    /// Token ids run from 0 to this, exclusive.
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
    /// Token ids run from 0 to this, exclusive.
    pub fn vocab_size(&self) -> usize {
        self.token_embedding().weight.lazy_shape()[0]
    }

    /// The longest text that it can look back on, in tokens; [`UNBOUNDED`] where there is no limit.
    pub fn context(&self) -> usize {
        match self {
            Self::Decoder(decoder) => decoder.config().stack.max_positions,
            Self::Recurrent(_) => UNBOUNDED,
        }
    }

    /// Scores of tokens are squeezed into this, up and down; `None` leaves them.
    pub fn logit_softcap(&self) -> Option<f64> {
        match self {
            Self::Decoder(decoder) => decoder.config().logit_softcap,
            Self::Recurrent(_) => None,
        }
    }

    /// How weights are drawn.
    pub fn initialization(&self) -> Initialization {
        match self {
            Self::Decoder(decoder) => {
                let config = decoder.config();
                Initialization::of_blocks(config.init_std, config.stack.depth())
            }
            Self::Recurrent(model) => Initialization::of_recurrent(model.config().init_std),
        }
    }

    /// The table of token vectors, which a tied output projection reads too.
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
    /// Panics if learned positions run out.
    pub fn forward(&self, tokens: &Tokens) -> Tensor<3> {
        match self {
            Self::Decoder(decoder) => decoder.forward(tokens),
            Self::Recurrent(model) => model.forward(tokens),
        }
    }

    /// The final hidden states of the next tokens, given what the cache remembers.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]`
    /// - result: `[batch, new, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if learned positions run out.
    pub fn step(&self, tokens: Tensor<2, Int>, cache: &mut Cache) -> Tensor<3> {
        match self {
            Self::Decoder(decoder) => decoder.step(tokens, cache),
            Self::Recurrent(model) => model.step(tokens, cache),
        }
    }

    /// An empty cache with room for `reserve` tokens; it grows when more come.
    pub fn cache(&self, reserve: usize) -> Cache {
        match self {
            Self::Decoder(decoder) => Cache::new(decoder.config().stack.patterns(), reserve),
            Self::Recurrent(model) => model.cache(reserve),
        }
    }
}
