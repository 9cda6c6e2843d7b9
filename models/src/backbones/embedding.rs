//! The input embedding: from token ids to the first block's input.

use burn::module::{Module, Param, ParamId};
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Int, Shape, Tensor};
use serde::{Deserialize, Serialize};

use super::{StackConfig, TokenSource};
use crate::layers::dropout::dropout;
use crate::layers::embedding::EmbeddingTable;
use crate::layers::linear::{Bias, Linear};
use crate::layers::norm::{Norm, NormConfig};
use crate::layers::position::PositionIds;
use crate::layers::sinusoid::{SinusoidLayout, sinusoid};
use crate::parameters::Computed;

/// Config of the input embedding.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingConfig {
    /// Features of the embedding tables.
    pub d_embedding: usize,
    /// Whether and when the embedding is projected to `d_model`.
    pub projection: Projection,
    /// The position embedding, which is added to a token's vector.
    pub positions: PositionEmbedding,
    /// The number of token types, each with a vector that is added; the default type is 0.
    pub n_types: usize,
    /// The number of pretraining tasks, each with a vector; the vector of task 0 is added: ERNIE.
    pub n_tasks: usize,
    /// The norm of the sum.
    pub norm: Option<NormConfig>,
    /// Factor on the token vectors.
    pub scale: f64,
    /// Dropout probability.
    pub dropout: f64,
}

/// Whether and when an embedding is projected to `d_model`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Projection {
    /// If `d_model` differs from `d_embedding`.
    WhereWidthsDiffer,
    /// Always, even if `d_model` equals `d_embedding`: ALBERT.
    Always,
    /// If `d_model` differs from `d_embedding`, without bias and before the norm: DeBERTa.
    BeforeNorm,
    /// If `d_model` differs from `d_embedding`, without bias and before positions are added. The
    /// output of the last block is projected back: OPT 350M.
    InAndOut,
}

/// The position embedding, which is added to the token vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PositionEmbedding {
    /// None: positions are encoded in attention.
    None,
    /// A learned vector for each position.
    Learned(PositionNumbering),
    /// A vector of sines and cosines.
    Sinusoidal(SinusoidLayout, PositionNumbering),
    /// The same, as a constant table that is part of the checkpoint: Pegasus.
    StoredSinusoidal(SinusoidLayout),
}

/// The mapping from a token's position to a row of the position table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PositionNumbering {
    /// The number of preceding tokens that are not padding, plus `offset` (2 in BART, whose first
    /// rows are reserved).
    Sequential {
        /// Rows before the row of position 0.
        offset: usize,
    },
    /// The number of tokens up to and including this one whose id is not `padding`, plus `padding`:
    /// fairseq's numbering. A padding token has row `padding`. Tokens that are given as vectors are
    /// numbered sequentially from `padding + 1`, as in transformers.
    SkipPadding {
        /// The id of padding.
        padding: usize,
    },
}

impl EmbeddingConfig {
    /// Unscaled token vectors without projection or norm, plus the given position embedding.
    pub fn new(d_embedding: usize, positions: PositionEmbedding) -> Self {
        Self {
            d_embedding,
            projection: Projection::WhereWidthsDiffer,
            positions,
            n_types: 0,
            n_tasks: 0,
            norm: None,
            scale: 1.0,
            dropout: 0.0,
        }
    }

    /// Rows of the learned position table for sequences of up to `max_positions`; `None` if there
    /// is no such table.
    pub fn position_rows(&self, max_positions: usize) -> Option<usize> {
        match self.positions {
            PositionEmbedding::Learned(PositionNumbering::Sequential { offset }) => {
                Some(max_positions + offset)
            }
            PositionEmbedding::Learned(PositionNumbering::SkipPadding { padding }) => {
                Some(max_positions + padding + 1)
            }
            PositionEmbedding::StoredSinusoidal(_) => Some(max_positions),
            PositionEmbedding::None | PositionEmbedding::Sinusoidal(..) => None,
        }
    }
}

/// The tables that are added to the token vectors, and the norm and projection of the sum.
#[derive(Module, Debug)]
pub struct InputEmbedding {
    position: Option<EmbeddingTable>,
    sinusoid: Option<Computed<EmbeddingTable>>,
    token_type: Option<EmbeddingTable>,
    task: Option<EmbeddingTable>,
    norm: Option<Norm>,
    projection: Option<Linear>,
    dropout: Dropout,
    max_positions: usize,
    #[module(skip)]
    config: EmbeddingConfig,
}

/// The tokens of a pass.
#[derive(Debug, Clone, Copy)]
pub struct TokenInput<'a> {
    /// `[batch, seq]` ids, or their vectors.
    pub source: &'a TokenSource,
    /// `[batch, seq]`; `None` means type 0.
    pub types: Option<&'a Tensor<2, Int>>,
    /// The positions of the tokens.
    pub position_ids: &'a PositionIds,
}

impl InputEmbedding {
    /// Tables of zeros, to be initialized or loaded.
    pub fn new(stack: &StackConfig, device: &Device) -> Self {
        let StackConfig { d_model, max_positions, embedding: config, .. } = stack;
        let (d_model, max_positions) = (*d_model, *max_positions);
        let width = config.d_embedding;
        let table = |rows: usize| EmbeddingTable::new(rows, width, device);
        let rows = config.position_rows(max_positions);
        let is_first = config.projection == Projection::InAndOut;
        let bias = match config.projection {
            Projection::InAndOut | Projection::BeforeNorm => Bias::Absent,
            Projection::WhereWidthsDiffer | Projection::Always => Bias::Present,
        };
        // The width of the vectors that positions are added to.
        let d_position = if is_first { d_model } else { width };
        let stored = |layout| {
            let make = move |device: &Device, _| {
                let positions: Vec<usize> = (0..max_positions).collect();
                sinusoid(&[positions], width, layout, device).squeeze_dim(0)
            };
            // Initialized lazily, like every parameter.
            let shape = Shape::from([max_positions, width]);
            let weight = Param::uninitialized(ParamId::new(), make, device.clone(), false, shape);
            Computed::new(EmbeddingTable { weight })
        };
        let (position, sinusoid) = match config.positions {
            PositionEmbedding::StoredSinusoidal(layout) => (None, Some(stored(layout))),
            _ => (rows.map(|rows| EmbeddingTable::new(rows, d_position, device)), None),
        };
        Self {
            position,
            sinusoid,
            token_type: (config.n_types > 0).then(|| table(config.n_types)),
            task: (config.n_tasks > 0).then(|| table(config.n_tasks)),
            norm: config.norm.map(|norm| norm.init(device)),
            projection: (width != d_model || config.projection == Projection::Always)
                .then(|| Linear::new(width, d_model, bias, device)),
            dropout: DropoutConfig::new(config.dropout).init(),
            max_positions,
            config: *config,
        }
    }

    /// The first block's input, with the token vectors of `table`.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table, or if given vectors do not
    /// have the width of `table`.
    pub fn forward(&self, table: &EmbeddingTable, tokens: TokenInput<'_>) -> Tensor<3> {
        let TokenInput { source, types, position_ids } = tokens;
        let device = source.device();
        let mut x = source.vectors(table);
        if self.config.scale != 1.0 {
            x = x * self.config.scale;
        }
        x = self.project_at(&[Projection::InAndOut], x);
        if let Some(positions) = self.positions(source, position_ids) {
            x = x + positions;
        }
        if let Some(table) = &self.token_type {
            let types = match types {
                Some(types) => types.clone(),
                None => Tensor::zeros([1, source.dims()[1]], &device),
            };
            x = x + table.forward(types);
        }
        if let Some(table) = &self.task {
            x = x + table.forward(Tensor::zeros([1, 1], &device));
        }
        x = self.project_at(&[Projection::BeforeNorm], x);
        if let Some(norm) = &self.norm {
            x = norm.forward(x);
        }
        x = dropout(&self.dropout, x);
        self.project_at(&[Projection::WhereWidthsDiffer, Projection::Always], x)
    }

    /// Projects `x` if the config's projection is one of `kinds`.
    fn project_at(&self, kinds: &[Projection], x: Tensor<3>) -> Tensor<3> {
        match &self.projection {
            Some(projection) if kinds.contains(&self.config.projection) => projection.forward(x),
            _ => x,
        }
    }

    /// The position vectors, `[1 or batch, seq, d_embedding]`.
    fn positions(&self, source: &TokenSource, position_ids: &PositionIds) -> Option<Tensor<3>> {
        let device = source.device();
        let limit = self.max_positions;
        match (self.config.positions, &self.position) {
            (PositionEmbedding::Learned(numbering), Some(table)) => {
                assert!(position_ids.span() <= limit, "at most {limit} positions");
                let rows = match numbering {
                    PositionNumbering::Sequential { offset } => {
                        position_ids.ids(&device) + offset as i64
                    }
                    PositionNumbering::SkipPadding { padding } => {
                        after_padding(source, position_ids, padding)
                    }
                };
                Some(table.forward(rows))
            }
            (PositionEmbedding::StoredSinusoidal(_), _) => {
                assert!(position_ids.span() <= limit, "at most {limit} positions");
                self.sinusoid.as_ref().map(|table| table.forward(position_ids.ids(&device)))
            }
            (PositionEmbedding::Sinusoidal(layout, numbering), _) => {
                let width = self.config.d_embedding;
                Some(match numbering {
                    PositionNumbering::Sequential { offset } => {
                        let shift = |row: &Vec<usize>| row.iter().map(|p| p + offset).collect();
                        let rows: Vec<Vec<usize>> = position_ids.rows().iter().map(shift).collect();
                        sinusoid(&rows, width, layout, &device)
                    }
                    PositionNumbering::SkipPadding { padding } => {
                        let rows = after_padding(source, position_ids, padding);
                        let all: Vec<usize> = (0..position_ids.total() + padding + 1).collect();
                        let table: Tensor<2> =
                            sinusoid(&[all], width, layout, &device).squeeze_dim(0);
                        // Padding has a zero position vector.
                        let is_padding = rows.clone().equal_elem(padding as i64).unsqueeze_dim(2);
                        let vectors = burn::tensor::module::embedding(table, rows);
                        vectors.mask_fill(is_padding, 0.0)
                    }
                })
            }
            _ => None,
        }
    }
}

/// Rows by [`PositionNumbering::SkipPadding`].
fn after_padding(
    source: &TokenSource,
    position_ids: &PositionIds,
    padding: usize,
) -> Tensor<2, Int> {
    let Some(ids) = source.ids() else {
        return position_ids.ids(&source.device()) + (padding + 1) as i64;
    };
    let is_token = ids.clone().not_equal_elem(padding as i64).int();
    // Cached tokens were counted in earlier passes.
    let before = (position_ids.total() - position_ids.count()) as i64;
    (is_token.clone().cumsum(1) + before) * is_token + padding as i64
}
