//! Positions: where each token of a batch stands, and how attention learns of it.

use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::mask::Padding;
use super::rotary::{RotaryConfig, RotaryLayout};

/// How the attention of one layer learns of positions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PositionScheme {
    /// It does not: the embeddings know, or nobody does.
    None,
    /// Queries and keys are rotated.
    Rotary(RotaryConfig),
}

/// A scheme applied to the tokens of one forward pass.
#[derive(Debug, Clone)]
pub enum Positions {
    /// Attention does not learn of positions.
    None,
    /// Queries and keys are rotated.
    Rotary(Box<Rotation>),
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

impl PositionScheme {
    /// What layers with this scheme need for these tokens.
    pub fn positions(&self, at: &TokenPositions, device: &Device) -> Positions {
        match self {
            Self::None => Positions::None,
            Self::Rotary(rotary) => Positions::Rotary(Box::new(rotary.rotation(at, device))),
        }
    }
}

impl Positions {
    /// Gives queries or keys their positions.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, n_heads, seq, d_head]`
    pub fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::None => x,
            Self::Rotary(rotation) => rotation.rotate(x),
        }
    }
}

impl Rotation {
    /// Rotates the pairs of the first features and leaves the rest.
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

/// The position of every token of a forward pass, counted from the row's first token that is not
/// padding, so that padding shifts nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPositions {
    /// One row for the whole batch when there is no padding, else one for each.
    rows: Vec<Vec<usize>>,
}

impl TokenPositions {
    /// Positions of the last `count` tokens of a sequence that has `total` so far.
    pub fn new(padding: &Padding, total: usize, count: usize) -> Self {
        let Some(rows) = padding.rows() else {
            return Self { rows: vec![(total - count..total).collect()] };
        };
        let number = |row: &Vec<bool>| -> Vec<usize> {
            let mut next = 0;
            let mut positions = Vec::with_capacity(row.len());
            for is_token in row {
                // A padded position is never read; it takes a number that every table has.
                positions.push(next);
                next += usize::from(*is_token);
            }
            positions.split_off(total - count)
        };
        Self { rows: rows.iter().map(number).collect() }
    }

    /// One row for the whole batch, or one for each of its rows.
    pub fn rows(&self) -> &[Vec<usize>] {
        &self.rows
    }

    /// The largest position plus one.
    pub fn span(&self) -> usize {
        self.rows.iter().flatten().max().map_or(0, |last| last + 1)
    }

    /// The positions as ids for a table.
    ///
    /// # Shapes
    ///
    /// - result: `[1 or batch, seq]`
    pub fn ids(&self, device: &Device) -> Tensor<2, Int> {
        let seq = self.rows.first().map_or(0, Vec::len);
        let values: Vec<i64> =
            self.rows.iter().flatten().map(|&position| position as i64).collect();
        Tensor::from_data(TensorData::new(values, [self.rows.len(), seq]), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_tokens_and_not_padding() {
        let padding = Padding::from_rows(vec![vec![false, false, true, true], vec![true; 4]]);
        let positions = TokenPositions::new(&padding, 4, 4);
        assert_eq!(positions.rows(), [vec![0, 0, 0, 1], vec![0, 1, 2, 3]]);
        assert_eq!(positions.span(), 4);
    }

    #[test]
    fn positions_continue_after_the_cache() {
        assert_eq!(TokenPositions::new(&Padding::none(), 7, 2).rows(), [vec![5, 6]]);
        let padding = Padding::left(&[1, 3]);
        assert_eq!(TokenPositions::new(&padding, 3, 1).rows(), [vec![0], vec![2]]);
    }
}
