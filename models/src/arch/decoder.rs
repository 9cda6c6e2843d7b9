//! The decoder-only skeleton: embeddings, causal blocks, a final norm.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Int, Tensor};
use serde::{Deserialize, Serialize};

use super::block::{Block, BlockConfig};
use crate::layers::Scope;
use crate::layers::attention::AttentionConfig;
use crate::layers::cache::{Cache, LayerCache};
use crate::layers::embedding::EmbeddingTable;
use crate::layers::mask::{Mask, Padding};
use crate::layers::norm::{Norm, NormConfig};
use crate::layers::position::{PositionScheme, Positions, TokenPositions};

/// Sizes of a decoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecoderConfig {
    /// Token ids run from 0 to this, exclusive.
    pub vocab_size: usize,
    /// Features of a token.
    pub d_model: usize,
    /// The longest sequence, in tokens.
    pub max_positions: usize,
    /// From ids to the first block.
    pub embedding: EmbeddingConfig,
    /// The blocks, first to last.
    pub layers: Vec<BlockConfig>,
    /// The norm after the last block.
    pub norm: NormConfig,
    /// Where the output projection's weights come from.
    pub output: OutputWeights,
    /// Scores of tokens are squeezed smoothly into `±logit_softcap`; `None` leaves them.
    pub logit_softcap: Option<f64>,
    /// Standard deviation of the weights at initialization.
    pub init_std: f64,
}

/// How ids become the first block's input.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingConfig {
    /// What is added to a token's vector.
    pub positions: EmbeddedPositions,
    /// Factor on the tokens' vectors.
    pub scale: f64,
    /// Probability of dropping a feature in training.
    pub dropout: f64,
}

/// What the embedding says of a token's position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmbeddedPositions {
    /// Nothing: attention knows.
    None,
    /// A learned vector for each position, in a table whose first `offset` rows are for something
    /// else (OPT has 2 of them).
    Learned {
        /// Rows before position 0.
        offset: usize,
    },
}

impl EmbeddingConfig {
    /// Tokens' vectors as they are, with or without positions.
    pub fn new(positions: EmbeddedPositions) -> Self {
        Self { positions, scale: 1.0, dropout: 0.0 }
    }
}

/// Where the output projection's weights come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputWeights {
    /// The token embeddings, read a second time.
    Tied,
    /// A matrix of its own.
    Separate,
    /// A matrix of its own, and a bias for each token.
    SeparateWithBias,
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
        let position =
            self.position_rows().map(|rows| EmbeddingTable::new(rows, self.d_model, device));
        Decoder {
            embedding: Embeddings {
                token: EmbeddingTable::new(self.vocab_size, self.d_model, device),
                position,
            },
            layers: self.layers.iter().map(|layer| layer.init(device)).collect(),
            norm: self.norm.init(device),
            dropout: DropoutConfig::new(self.embedding.dropout).init(),
            config: self.clone(),
        }
    }
}

impl DecoderConfig {
    /// The longest sequence that there are position vectors for; `None` where positions are computed.
    pub fn position_limit(&self) -> Option<usize> {
        self.position_rows().map(|_| self.max_positions)
    }

    /// Rows of the table of position vectors; `None` where there is none.
    pub fn position_rows(&self) -> Option<usize> {
        match self.embedding.positions {
            EmbeddedPositions::None => None,
            EmbeddedPositions::Learned { offset } => Some(self.max_positions + offset),
        }
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
        let views = Views::new(&self.config.layers, (context.padding, &at), &device);

        let mut x = self.embedding.token.forward(tokens);
        if self.config.embedding.scale != 1.0 {
            x = x * self.config.embedding.scale;
        }
        if let (Some(table), EmbeddedPositions::Learned { offset }) =
            (&self.embedding.position, self.config.embedding.positions)
        {
            assert!(at.span() <= self.config.max_positions, "position {} has no vector", at.span());
            x = x + table.forward(at.ids(&device) + offset as i64);
        }
        x = self.dropout.forward(x);
        for (index, (layer, config)) in self.layers.iter().zip(&self.config.layers).enumerate() {
            let cache = caches.as_mut().map(|caches| &mut caches[index]);
            let (mask, positions) = views.of(config);
            x = layer.forward(x, &mut Scope { mask, positions, cache });
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

/// One mask for each span and one set of positions for each scheme that occurs, so that layers which
/// are alike share their tensors.
struct Views {
    masks: Vec<Mask>,
    positions: Vec<(PositionScheme, Positions)>,
}

impl Views {
    fn new(
        layers: &[BlockConfig],
        (padding, at): (&Padding, &TokenPositions),
        device: &Device,
    ) -> Self {
        let mut views = Self { masks: Vec::new(), positions: Vec::new() };
        for AttentionConfig { span, positions, .. } in layers.iter().map(|layer| &layer.attention) {
            if !views.masks.iter().any(|mask| mask.span() == *span) {
                views.masks.push(Mask::new(*span, padding.clone()));
            }
            if !views.positions.iter().any(|(scheme, _)| scheme == positions) {
                views.positions.push((positions.clone(), positions.positions(at, device)));
            }
        }
        views
    }

    fn of(&self, layer: &BlockConfig) -> (&Mask, &Positions) {
        let AttentionConfig { span, positions, .. } = &layer.attention;
        let mask = self.masks.iter().find(|mask| mask.span() == *span);
        let found = self.positions.iter().find(|(scheme, _)| scheme == positions);
        match (mask, found) {
            (Some(mask), Some((_, positions))) => (mask, positions),
            _ => unreachable!("there is a view for every layer"),
        }
    }
}
