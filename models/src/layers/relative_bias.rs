//! A learned bias for the distance between a query and a key, with distances in buckets.

use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::embedding::EmbeddingTable;

/// How distances share buckets: one each for small distances, logarithmic ranges for larger ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelativeBiasConfig {
    /// Rows of the table.
    pub n_buckets: usize,
    /// The distance from which all distances share the last bucket.
    pub max_distance: usize,
    /// Which keys have buckets.
    pub direction: BiasDirection,
}

/// Which keys have buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BiasDirection {
    /// The previous and the following keys, half of the buckets each.
    Both,
    /// The previous keys; all following ones share the bucket of the query itself.
    Past,
}

impl RelativeBiasConfig {
    /// The bucket of a key `distance` positions after the query.
    ///
    /// Computed in f32, in the reference's order of operations: at the boundary of a bucket the
    /// rounding decides.
    ///
    /// Reference: Raffel et al. 2019, §2.1, <https://arxiv.org/abs/1910.10683>
    pub fn bucket(&self, distance: i64) -> usize {
        let (first, n_buckets, distance) = match self.direction {
            BiasDirection::Both => {
                let half = self.n_buckets / 2;
                (if distance > 0 { half } else { 0 }, half, distance.unsigned_abs() as usize)
            }
            BiasDirection::Past => (0, self.n_buckets, (-distance).max(0) as usize),
        };
        let n_exact = n_buckets / 2;
        if distance < n_exact {
            return first + distance;
        }
        let ratio = (distance as f32 / n_exact as f32).ln();
        let span = (self.max_distance as f64 / n_exact as f64).ln() as f32;
        let share = ratio / span * (n_buckets - n_exact) as f32;
        first + (n_exact + share as usize).min(n_buckets - 1)
    }

    /// The bias of the scores for the last `n_queries` of `n_keys` positions.
    ///
    /// # Shapes
    ///
    /// - `table`: `[n_buckets, n_heads]`
    /// - result: `[1, n_heads, n_queries, n_keys]`
    pub fn bias(&self, table: &EmbeddingTable, n_queries: usize, n_keys: usize) -> Tensor<4> {
        let device: Device = table.weight.val().device();
        let mut buckets = Vec::with_capacity(n_queries * n_keys);
        for query in n_keys - n_queries..n_keys {
            buckets.extend((0..n_keys).map(|key| self.bucket(key as i64 - query as i64) as i64));
        }
        let data = TensorData::new(buckets, [n_queries, n_keys]);
        let buckets: Tensor<2, Int> = Tensor::from_data(data, &device);
        table.forward(buckets).permute([2, 0, 1]).unsqueeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_match_the_paper() {
        let both =
            RelativeBiasConfig { n_buckets: 32, max_distance: 128, direction: BiasDirection::Both };
        let found: Vec<usize> =
            [0, -1, -7, -8, -15, -16, -31, -32, -64, -127, -128, -500, 1, 8, 500]
                .map(|distance| both.bucket(distance))
                .to_vec();
        assert_eq!(found, [0, 1, 7, 8, 9, 10, 11, 12, 14, 15, 15, 15, 17, 24, 31]);
        let past =
            RelativeBiasConfig { n_buckets: 32, max_distance: 128, direction: BiasDirection::Past };
        let found = [3, 0, -15, -16, -17, -21, -127, -128].map(|distance| past.bucket(distance));
        assert_eq!(found, [0, 0, 15, 16, 16, 18, 31, 31]);
    }
}
