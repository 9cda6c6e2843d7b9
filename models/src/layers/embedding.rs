//! Token ids and embedding tables.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::module::embedding;
use burn::tensor::{Device, Int, Tensor, TensorData};
use zoo_kernels::linear::{LinearWeights, cast_for};

use super::linear::multiply;
use crate::precision::to_f32;

/// Uploads token ids from the host.
///
/// # Shapes
///
/// - `tokens`: `rows · seq` ids, row by row
/// - result: `[rows, seq]`
pub fn token_ids(tokens: &[u32], rows: usize, device: &Device) -> Tensor<2, Int> {
    let values: Vec<i64> = tokens.iter().map(|&token| i64::from(token)).collect();
    Tensor::from_data(TensorData::new(values, [rows, tokens.len() / rows]), device)
}

/// Uploads token ids from the host, with rows padded on the right with `filler` to the longest, and
/// to at least one position.
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

/// An embedding table: a vector for each id.
#[derive(Module, Debug)]
pub struct EmbeddingTable {
    /// `[n_rows, d_model]`
    pub weight: Param<Tensor<2>>,
}

impl EmbeddingTable {
    /// Creates a table of zeros, to be initialized or loaded.
    pub fn new(n_rows: usize, d_model: usize, device: &Device) -> Self {
        Self { weight: Initializer::Zeros.init([n_rows, d_model], device) }
    }

    /// Looks up ids; the result is f32, whatever the table's dtype.
    ///
    /// Ids must be validated on the host: on a GPU an id outside the table reads arbitrary memory.
    ///
    /// # Shapes
    ///
    /// - `ids`: `[batch, seq]`
    /// - result: `[batch, seq, d_model]`
    pub fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        to_f32(embedding(self.weight.val(), ids))
    }

    /// The product of `x` with every row of the table: the output projection of a model with tied
    /// weights, which uses the same parameter twice.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, seq, d_model]`
    /// - result: `[batch, seq, n_rows]`
    pub fn scores(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, seq, d_model] = x.dims();
        let weight = self.weight.val();
        let x = cast_for(x, &weight).reshape([batch * seq, d_model]);
        let [scores] = multiply(x, [LinearWeights::without_bias(weight.transpose())]);
        let [_, n_rows] = scores.dims();
        to_f32(scores).reshape([batch, seq, n_rows])
    }
}
