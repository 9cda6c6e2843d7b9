//! DeBERTa's attention to content and to position apart.

use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::norm::NormConfig;

/// How distances become rows of the table of relative positions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DisentangledConfig {
    /// Rows for each direction; the table has twice as many.
    pub n_buckets: usize,
    /// The longest distance that has a bucket to itself or shares one on the logarithmic scale.
    pub max_distance: usize,
    /// The norm of the table.
    pub norm: NormConfig,
}

/// The vectors of all distances, and which distance each pair of positions has.
#[derive(Debug, Clone)]
pub struct RelativeVectors {
    /// `[1, 2 n_buckets, d_model]`, after the norm
    pub vectors: Tensor<3>,
    /// `[seq, seq]`: the row for a query (first) and a key (second).
    rows: Tensor<2, Int>,
}

impl DisentangledConfig {
    /// The bucket of a query `distance` positions after the key: small distances have one each, and
    /// larger ones share.
    ///
    /// Computed in 32-bit floats, in the order of the reference.
    fn bucket(&self, distance: i64) -> i64 {
        let middle = self.n_buckets as i64 / 2;
        if distance.abs() <= middle {
            return distance;
        }
        let ratio = (distance.abs() as f32 / middle as f32).ln();
        let span = ((self.max_distance as f32 - 1.0) / middle as f32).ln();
        let shared = (ratio / span * (middle - 1) as f32).ceil() as i64;
        (shared + middle) * distance.signum()
    }

    /// The row of a query `distance` positions after the key.
    pub fn row(&self, distance: i64) -> usize {
        let n = self.n_buckets as i64;
        (self.bucket(distance) + n).clamp(0, 2 * n - 1) as usize
    }

    /// The vectors for sequences of `seq` tokens.
    ///
    /// # Shapes
    ///
    /// - `vectors`: `[2 n_buckets, d_model]`, after the norm
    pub fn relative(&self, vectors: Tensor<2>, seq: usize, device: &Device) -> RelativeVectors {
        let mut rows = Vec::with_capacity(seq * seq);
        for query in 0..seq as i64 {
            rows.extend((0..seq as i64).map(|key| self.row(query - key) as i64));
        }
        let rows = Tensor::from_data(TensorData::new(rows, [seq, seq]), device);
        RelativeVectors { vectors: vectors.unsqueeze(), rows }
    }
}

impl RelativeVectors {
    /// What is added to the scores: the query's content meets the key's position, and the key's
    /// content the query's position.
    ///
    /// ```text
    /// bias[i, j] = Q_i · K_r[δ(i, j)] + K_j · Q_r[δ(i, j)]
    /// ```
    ///
    /// The paper has `δ(j, i)` in the second term; its published models were trained with this.
    ///
    /// # Shapes
    ///
    /// - `query`, `key`: `[batch, n_heads, seq, d_head]`
    /// - `relative_query`, `relative_key`: `[1, n_heads, 2 n_buckets, d_head]`
    /// - result: `[batch, n_heads, seq, seq]`
    ///
    /// Reference: He et al. 2020, §3.1, eq. 4, <https://arxiv.org/abs/2006.03654>
    pub fn bias(
        &self,
        [query, key]: [Tensor<4>; 2],
        [relative_query, relative_key]: [Tensor<4>; 2],
    ) -> Tensor<4> {
        let [batch, n_heads, seq, _] = query.dims();
        let rows = self.rows.clone().unsqueeze::<4>().expand([batch, n_heads, seq, seq]);
        let of_queries = query.matmul(relative_key.transpose()).gather(3, rows.clone());
        let of_keys = key.matmul(relative_query.transpose()).gather(3, rows.transpose());
        of_queries + of_keys.transpose()
    }
}
