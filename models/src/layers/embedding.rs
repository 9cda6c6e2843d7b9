//! From token ids to vectors.

use burn::module::{Module, Param};
use burn::tensor::module::embedding;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::linear::{cast_input, multiply, weight};
use crate::precision::to_f32;

/// Token ids from the host.
///
/// # Shapes
///
/// - `tokens`: `rows · seq` of them, row by row
/// - result: `[rows, seq]`
pub fn token_ids(tokens: &[u32], rows: usize, device: &Device) -> Tensor<2, Int> {
    let values: Vec<i64> = tokens.iter().map(|&token| i64::from(token)).collect();
    Tensor::from_data(TensorData::new(values, [rows, tokens.len() / rows]), device)
}

/// Token ids from the host, rows filled up on the right with `filler` to the longest, and
/// to one position at least.
///
/// # Shapes
///
/// - result: `[rows, longest]`
pub fn padded_ids(rows: &[&[u32]], filler: u32, device: &Device) -> Tensor<2, Int> {
    let longest = rows.iter().map(|row| row.len()).max().unwrap_or(0).max(1);
    let fill = |row: &&[u32]| {
        let missing = std::iter::repeat_n(filler, longest - row.len());
        row.iter().copied().chain(missing).collect::<Vec<u32>>()
    };
    let tokens: Vec<u32> = rows.iter().flat_map(fill).collect();
    token_ids(&tokens, rows.len(), device)
}

/// A table of vectors, one for each id.
#[derive(Module, Debug)]
pub struct EmbeddingTable {
    /// `[n_rows, d_model]`
    pub weight: Param<Tensor<2>>,
}

impl EmbeddingTable {
    /// A table of zeros, to be initialized or loaded.
    pub fn new(n_rows: usize, d_model: usize, device: &Device) -> Self {
        Self { weight: weight(n_rows, d_model, device) }
    }

    /// Looks ids up; the vectors are 32-bit floats, whatever the table is.
    ///
    /// Ids are checked where they come in, on the host: on a GPU an id outside the table reads
    /// whatever lies there.
    ///
    /// # Shapes
    ///
    /// - `ids`: `[batch, seq]`
    /// - result: `[batch, seq, d_model]`
    pub fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        to_f32(embedding(self.weight.val(), ids))
    }

    /// Scores every row of the table against `x`: the output projection of a tied model, which
    /// reads the one parameter a second time.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, seq, d_model]`
    /// - result: `[batch, seq, n_rows]`
    pub fn scores(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, seq, d_model] = x.dims();
        let x = cast_input(&self.weight, x).reshape([batch * seq, d_model]);
        let [scores] = multiply(x, [(self.weight.val().transpose(), None)]);
        let [_, n_rows] = scores.dims();
        to_f32(scores).reshape([batch, seq, n_rows])
    }
}
