//! The decoder-only skeleton: embeddings, causal blocks, a final norm.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Int, Tensor};
use serde::{Deserialize, Serialize};

use super::block::{Block, BlockConfig};
use crate::layers::Scope;
use crate::layers::cache::{Cache, LayerCache};
use crate::layers::embedding::EmbeddingTable;
use crate::layers::mask::{Mask, Padding, Span};
use crate::layers::norm::{Norm, NormConfig};
use crate::layers::position::{Positions, TokenPositions};
use crate::layers::rotary::RotaryConfig;

/// Sizes of a decoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecoderConfig {
    /// Token ids run from 0 to this, exclusive.
    pub vocab_size: usize,
    /// Features of a token.
    pub d_model: usize,
    /// The longest sequence, in tokens.
    pub max_positions: usize,
    /// How the model learns where a token stands.
    pub positions: PositionConfig,
    /// The blocks, first to last.
    pub layers: Vec<BlockConfig>,
    /// The norm after the last block.
    pub norm: NormConfig,
    /// Probability of dropping a feature of an embedding in training.
    pub dropout: f64,
    /// Where the output projection's weights come from.
    pub output: OutputWeights,
    /// Standard deviation of the weights at initialization.
    pub init_std: f64,
}

/// How a model learns where a token stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PositionConfig {
    /// A learned vector for each position, added to the token's.
    Learned,
    /// Queries and keys are rotated.
    Rotary(RotaryConfig),
}

/// Where the output projection's weights come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputWeights {
    /// The token embeddings, read a second time.
    Tied,
    /// A matrix of its own.
    Separate,
}

/// From a config's `tie_word_embeddings`.
impl From<bool> for OutputWeights {
    fn from(is_tied: bool) -> Self {
        if is_tied { Self::Tied } else { Self::Separate }
    }
}

/// A stack of causal blocks over embedded tokens.
#[derive(Module, Debug)]
pub struct Decoder {
    embedding: Embeddings,
    layers: Vec<Block>,
    norm: Norm,
    dropout: Dropout,
    #[module(skip)]
    config: DecoderConfig,
}

/// The tables of token and position vectors.
#[derive(Module, Debug)]
pub struct Embeddings {
    token: EmbeddingTable,
    position: Option<EmbeddingTable>,
}

impl DecoderConfig {
    /// A decoder of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Decoder {
        let position = matches!(self.positions, PositionConfig::Learned)
            .then(|| EmbeddingTable::new(self.max_positions, self.d_model, device));
        Decoder {
            embedding: Embeddings {
                token: EmbeddingTable::new(self.vocab_size, self.d_model, device),
                position,
            },
            layers: self.layers.iter().map(|layer| layer.init(device)).collect(),
            norm: self.norm.init(device),
            dropout: DropoutConfig::new(self.dropout).init(),
            config: self.clone(),
        }
    }
}

impl DecoderConfig {
    /// The longest sequence that there are position vectors for; `None` where positions are computed.
    pub fn position_limit(&self) -> Option<usize> {
        matches!(self.positions, PositionConfig::Learned).then_some(self.max_positions)
    }
}

impl Decoder {
    /// The config that the decoder was built from.
    pub fn config(&self) -> &DecoderConfig {
        &self.config
    }

    /// The table of token vectors, which a tied output projection reads too.
    pub fn token_embedding(&self) -> &EmbeddingTable {
        &self.embedding.token
    }

    /// The final hidden states of whole sequences.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, seq]`, ids below `vocab_size`
    /// - result: `[batch, seq, d_model]`, after the last norm
    ///
    /// # Panics
    ///
    /// Panics if learned positions run out.
    pub fn forward(&self, tokens: Tensor<2, Int>, padding: &Padding) -> Tensor<3> {
        let length = tokens.dims()[1];
        self.run(tokens, Context { padding, length }, None)
    }

    /// The final hidden states of the next tokens, given those that the cache remembers.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]`
    /// - result: `[batch, new, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the cache is full, or learned positions run out.
    pub fn step(&self, tokens: Tensor<2, Int>, cache: &mut Cache) -> Tensor<3> {
        let new = tokens.dims()[1];
        let length = cache.len() + new;
        let (layers, padding) = cache.advance(new);
        self.run(tokens, Context { padding, length }, Some(layers))
    }

    fn run(
        &self,
        tokens: Tensor<2, Int>,
        context: Context<'_>,
        mut caches: Option<&mut [LayerCache]>,
    ) -> Tensor<3> {
        let device = tokens.device();
        let count = tokens.dims()[1];
        let at = TokenPositions::new(context.padding, context.length, count);
        let positions = match &self.config.positions {
            PositionConfig::Learned => Positions::None,
            PositionConfig::Rotary(rotary) => {
                Positions::Rotary(Box::new(rotary.rotation(&at, &device)))
            }
        };
        let masks = Masks::new(&self.config.layers, context.padding);

        let mut x = self.embedding.token.forward(tokens);
        if let Some(table) = &self.embedding.position {
            assert!(at.span() <= self.config.max_positions, "position {} has no vector", at.span());
            x = x + table.forward(at.ids(&device));
        }
        x = self.dropout.forward(x);
        for (index, (layer, config)) in self.layers.iter().zip(&self.config.layers).enumerate() {
            let cache = caches.as_mut().map(|caches| &mut caches[index]);
            let mask = masks.of(config.span());
            x = layer.forward(x, &mut Scope { mask, positions: &positions, cache });
        }
        self.norm.forward(x)
    }
}

/// The sequence that a pass belongs to.
struct Context<'a> {
    padding: &'a Padding,
    /// Tokens so far, those of this pass included.
    length: usize,
}

/// One mask for each span that occurs, so that layers of one span share its tensor.
struct Masks(Vec<Mask>);

impl Masks {
    fn new(layers: &[BlockConfig], padding: &Padding) -> Self {
        let mut spans: Vec<Span> = Vec::new();
        for span in layers.iter().map(BlockConfig::span) {
            if !spans.contains(&span) {
                spans.push(span);
            }
        }
        Self(spans.into_iter().map(|span| Mask::new(span, padding.clone())).collect())
    }

    fn of(&self, span: Span) -> &Mask {
        let found = self.0.iter().find(|mask| mask.span() == span);
        found.unwrap_or_else(|| unreachable!("a mask was made for every layer's span"))
    }
}
