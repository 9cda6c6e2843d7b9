//! Positions: the position of each token in a batch, and how it enters attention.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::alibi;
use super::disentangled::{DisentangledConfig, DistanceProjections, RelativeVectors};
use super::embedding::EmbeddingTable;
use super::mask::Padding;
use super::norm::Norm;
use super::relative_bias::RelativeBiasConfig;
use super::rotary::{RotaryConfig, RotaryLayout};
use crate::precision::{in_f32, to_f32};

/// The position encoding of one attention layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PositionEncoding {
    /// No encoding in attention: positions are part of the embeddings, or absent.
    None,
    /// Rotary embeddings of queries and keys.
    Rotary(RotaryConfig),
    /// A learned bias for each bucket of distances, in a table shared by all layers: T5, MPNet.
    RelativeBias(RelativeBiasConfig),
    /// A penalty proportional to the distance, with a slope for each of this many heads: BLOOM.
    Alibi(usize),
    /// Learned vectors for distances, in a table shared by all layers: DeBERTa.
    Disentangled(DisentangledConfig),
}

/// An encoding applied to the tokens of one forward pass.
#[expect(clippy::large_enum_variant, reason = "there is one for each pass")]
#[derive(Debug, Clone)]
pub enum Positions {
    /// No position encoding in attention.
    None,
    /// Rotation of queries and keys.
    Rotary(Box<Rotation>),
    /// Added to the scores: `[1 or batch, n_heads, 1 or queries, keys]`.
    Bias(Tensor<4>),
    /// Vectors of distances, multiplied with queries and keys.
    Disentangled(Box<RelativeVectors>),
}

/// The parameters for distances that all layers of a stack share.
#[derive(Module, Debug)]
pub struct RelativePositions {
    /// A row for each bucket: a bias for each head, or a vector.
    pub table: EmbeddingTable,
    /// The norm of the vectors.
    pub norm: Option<Norm>,
}

/// Cosines and sines of one forward pass.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// `[1 or batch, 1, seq, d_rotary / 2]`
    pub cos: Tensor<4>,
    /// `[1 or batch, 1, seq, d_rotary / 2]`
    pub sin: Tensor<4>,
    /// Which features of a head make a pair.
    pub layout: RotaryLayout,
}

impl PositionEncoding {
    /// The table shared by all layers with this encoding, of zeros; `None` where they have none.
    pub fn relative(
        &self,
        d_model: usize,
        n_heads: usize,
        device: &Device,
    ) -> Option<RelativePositions> {
        let (n_rows, width, norm) = match self {
            Self::None | Self::Rotary(_) | Self::Alibi(_) => return None,
            Self::RelativeBias(relative_bias) => (relative_bias.n_buckets, n_heads, None),
            Self::Disentangled(config) => (2 * config.n_buckets, d_model, config.norm),
        };
        Some(RelativePositions {
            table: EmbeddingTable::new(n_rows, width, device),
            norm: norm.map(|norm| norm.init(device)),
        })
    }

    /// The layer's projections of distances, besides those of its content, of zeros.
    pub(super) fn projections(
        &self,
        d_model: usize,
        d_query: usize,
        device: &Device,
    ) -> Option<DistanceProjections> {
        match self {
            Self::Disentangled(config) => config.projections(d_model, d_query, device),
            _ => None,
        }
    }

    /// Applies the encoding to the tokens of one forward pass.
    ///
    /// # Panics
    ///
    /// Panics if the encoding needs a table and `table` is `None`.
    pub fn positions(
        &self,
        position_ids: &PositionIds,
        relative: Option<&RelativePositions>,
        device: &Device,
    ) -> Positions {
        match (self, relative) {
            (Self::None, _) => Positions::None,
            (Self::Rotary(rotary), _) => {
                Positions::Rotary(Box::new(rotary.rotation(position_ids, device)))
            }
            (Self::Alibi(n_heads), _) => {
                Positions::Bias(alibi::bias(*n_heads, position_ids, device))
            }
            (Self::RelativeBias(relative_bias), Some(relative)) => Positions::Bias(
                relative_bias.bias(&relative.table, position_ids.count(), position_ids.total()),
            ),
            (Self::Disentangled(config), Some(RelativePositions { table, norm })) => {
                let vectors = to_f32(table.weight.val());
                let vectors = match norm {
                    Some(norm) => norm.forward(vectors),
                    None => vectors,
                };
                Positions::Disentangled(Box::new(config.relative(
                    vectors,
                    position_ids.total(),
                    device,
                )))
            }
            _ => panic!("{self:?} needs its table"),
        }
    }
}

impl Positions {
    /// Rotates queries or keys if the encoding is rotary.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, n_heads, seq, d_head]`
    pub fn rotate(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Rotary(rotation) => in_f32(x, |x| rotation.rotate(x)),
            _ => x,
        }
    }
}

impl Rotation {
    /// Rotates the pairs among the first features and leaves the others unchanged.
    ///
    /// ```text
    /// (a, b) -> (a cos - b sin, b cos + a sin)
    /// ```
    ///
    /// Reference: Su et al. 2021, §3.4.2, <https://arxiv.org/abs/2104.09864>
    fn rotate(&self, x: Tensor<4>) -> Tensor<4> {
        let half = self.cos.dims()[3];
        let [batch, n_heads, seq, d_head] = x.dims();
        let turned = x.clone().slice_dim(3, 0..2 * half);
        let (a, b) = match self.layout {
            RotaryLayout::Halves => {
                (turned.clone().slice_dim(3, 0..half), turned.slice_dim(3, half..2 * half))
            }
            RotaryLayout::Interleaved => {
                let pairs = turned.reshape([batch, n_heads, seq, half, 2]);
                let side = |index: usize| pairs.clone().slice_dim(4, index..index + 1);
                (side(0).squeeze_dim(4), side(1).squeeze_dim(4))
            }
        };
        let (cos, sin) = (self.cos.clone(), self.sin.clone());
        let new_a = a.clone() * cos.clone() - b.clone() * sin.clone();
        let new_b = b * cos + a * sin;
        let turned = match self.layout {
            RotaryLayout::Halves => Tensor::cat(vec![new_a, new_b], 3),
            RotaryLayout::Interleaved => {
                Tensor::stack::<5>(vec![new_a, new_b], 4).reshape([batch, n_heads, seq, 2 * half])
            }
        };
        if d_head > 2 * half {
            Tensor::cat(vec![turned, x.slice_dim(3, 2 * half..d_head)], 3)
        } else {
            turned
        }
    }
}

/// The position of every token of a sequence, counted from the row's first token that is not
/// padding, so that padding shifts no position; the last `count` positions belong to the current
/// forward pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionIds {
    /// One row for the whole batch when there is no padding, else one for each row.
    all: Vec<Vec<usize>>,
    /// The positions of this pass.
    last: Vec<Vec<usize>>,
}

impl PositionIds {
    /// Positions of the last `count` tokens of a sequence that has `total` so far.
    pub fn new(padding: &Padding, total: usize, count: usize) -> Self {
        let number = |row: &Vec<bool>| -> Vec<usize> {
            let mut tokens = 0;
            let mut positions: Vec<usize> = Vec::with_capacity(row.len());
            for is_token in row {
                // Padding is masked: left padding has position 0, and right padding continues the
                // count, as in the reference.
                let behind = positions.last().map_or(0, |last| last + usize::from(tokens > 0));
                positions.push(if *is_token { tokens } else { behind });
                tokens += usize::from(*is_token);
            }
            positions
        };
        let all: Vec<Vec<usize>> = match padding.rows() {
            None => vec![(0..total).collect()],
            Some(rows) => rows.iter().map(number).collect(),
        };
        let last = all.iter().map(|row| row[total - count..].to_vec()).collect();
        Self { all, last }
    }

    /// Positions of this pass's tokens: one row for the whole batch, or one for each of its rows.
    pub fn rows(&self) -> &[Vec<usize>] {
        &self.last
    }

    /// Positions of all tokens, including those in the cache.
    pub fn all(&self) -> &[Vec<usize>] {
        &self.all
    }

    /// The number of tokens in this pass.
    pub fn count(&self) -> usize {
        self.last.first().map_or(0, Vec::len)
    }

    /// The number of tokens so far, including this pass.
    pub fn total(&self) -> usize {
        self.all.first().map_or(0, Vec::len)
    }

    /// The largest position of this pass plus one.
    pub fn span(&self) -> usize {
        self.last.iter().flatten().max().map_or(0, |last| last + 1)
    }

    /// The positions of this pass as ids for an embedding table.
    ///
    /// # Shapes
    ///
    /// - result: `[1 or batch, seq]`
    pub fn ids(&self, device: &Device) -> Tensor<2, Int> {
        let values: Vec<i64> =
            self.last.iter().flatten().map(|&position| position as i64).collect();
        Tensor::from_data(TensorData::new(values, [self.last.len(), self.count()]), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_tokens_and_not_padding() {
        let padding = Padding::from_rows(vec![vec![false, false, true, true], vec![true; 4]]);
        let positions = PositionIds::new(&padding, 4, 4);
        assert_eq!(positions.rows(), [vec![0, 0, 0, 1], vec![0, 1, 2, 3]]);
        assert_eq!(positions.span(), 4);
    }

    #[test]
    fn right_padding_continues_the_count() {
        let padding = Padding::from_rows(vec![vec![true, true, false, false], vec![true; 4]]);
        assert_eq!(PositionIds::new(&padding, 4, 4).rows()[0], [0, 1, 2, 3]);
    }

    #[test]
    fn positions_continue_after_the_cache() {
        assert_eq!(PositionIds::new(&Padding::none(), 7, 2).rows(), [vec![5, 6]]);
        let padding = Padding::left(&[1, 3]);
        assert_eq!(PositionIds::new(&padding, 3, 1).rows(), [vec![0], vec![2]]);
    }
}
