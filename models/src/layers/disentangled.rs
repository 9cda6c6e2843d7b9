//! DeBERTa's disentangled attention: separate scores for content and position.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::linear::{Bias, Linear};
use super::norm::NormConfig;

/// How distances are encoded as vectors, and how attention uses these vectors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DisentangledConfig {
    /// Rows for each direction; the table has twice as many.
    pub n_buckets: usize,
    /// Which distances share a row.
    pub buckets: DistanceBuckets,
    /// Which terms are added to the scores.
    pub terms: DistanceTerms,
    /// Which projections apply to the distance vectors.
    pub projections: DistanceProjection,
    /// The norm of the table, if there is one.
    pub norm: Option<NormConfig>,
}

/// Which distances share a row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DistanceBuckets {
    /// Only those beyond the table, which share its first or last row.
    Exact,
    /// Half of the rows stand for one distance each, the others for logarithmically growing ranges.
    Logarithmic {
        /// The longest distance on the scale.
        max_distance: usize,
    },
}

/// Which position terms are added to the score of a query and a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DistanceTerms {
    /// Both terms.
    Both,
    /// The query's content with the distance's key, `c2p`.
    ContentToPosition,
    /// The key's content with the distance's query, `p2c`.
    PositionToContent,
}

/// Which layers project the distance vectors to queries and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DistanceProjection {
    /// The projections of the content.
    Shared,
    /// Separate projections in each layer.
    Separate,
}

/// Separate projections of the distance vectors.
#[derive(Module, Debug)]
pub struct DistanceProjections {
    query: Option<Linear>,
    key: Option<Linear>,
}

/// The projections that a layer applies to the distance vectors; `None` for a term that is absent.
#[derive(Debug, Clone, Copy)]
pub struct ProjectedBy<'a> {
    /// To queries.
    pub query: Option<&'a Linear>,
    /// To keys.
    pub key: Option<&'a Linear>,
}

/// The vectors of all distances, and the distance of each pair of positions.
#[derive(Debug, Clone)]
pub struct RelativeVectors {
    /// `[1, 2 n_buckets, d_model]`, after the norm
    pub vectors: Tensor<3>,
    /// `[seq, seq]`: the row for a query (first) and a key (second).
    rows: Tensor<2, Int>,
    terms: DistanceTerms,
}

impl DistanceTerms {
    /// Whether the content-to-position term is present, which needs keys of distances.
    fn has_keys(self) -> bool {
        matches!(self, Self::Both | Self::ContentToPosition)
    }

    /// Whether the position-to-content term is present, which needs queries of distances.
    fn has_queries(self) -> bool {
        matches!(self, Self::Both | Self::PositionToContent)
    }

    /// The number of terms.
    pub fn count(self) -> usize {
        usize::from(self.has_keys()) + usize::from(self.has_queries())
    }
}

impl DisentangledConfig {
    /// The separate projections of one layer from `d_model` to `d_query` features, of zeros; `None`
    /// where the content projections are used.
    pub fn projections(
        &self,
        d_model: usize,
        d_query: usize,
        device: &Device,
    ) -> Option<DistanceProjections> {
        let new =
            |is_there: bool| is_there.then(|| Linear::new(d_model, d_query, Bias::Present, device));
        match self.projections {
            DistanceProjection::Shared => None,
            DistanceProjection::Separate => Some(DistanceProjections {
                query: new(self.terms.has_queries()),
                key: new(self.terms.has_keys()),
            }),
        }
    }

    /// The bucket of a query `distance` positions after the key.
    ///
    /// Computed in f32, in the reference's order of operations.
    fn bucket(&self, distance: i64) -> i64 {
        let middle = self.n_buckets as i64 / 2;
        let max_distance = match self.buckets {
            DistanceBuckets::Logarithmic { max_distance } if distance.abs() > middle => {
                max_distance
            }
            _ => return distance,
        };
        let ratio = (distance.abs() as f32 / middle as f32).ln();
        let span = ((max_distance as f32 - 1.0) / middle as f32).ln();
        let shared = (ratio / span * (middle - 1) as f32).ceil() as i64;
        (shared + middle) * distance.signum()
    }

    /// The table row of a query `distance` positions after the key.
    pub fn row(&self, distance: i64) -> usize {
        let n = self.n_buckets as i64;
        (self.bucket(distance) + n).clamp(0, 2 * n - 1) as usize
    }

    /// The distance vectors for sequences of `seq` tokens.
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
        RelativeVectors { vectors: vectors.unsqueeze(), rows, terms: self.terms }
    }
}

impl RelativeVectors {
    /// The projections of the distance vectors in a layer: the separate ones, or else the
    /// content's.
    pub fn projected_by<'a>(
        &self,
        separate: Option<&'a DistanceProjections>,
        content: ProjectedBy<'a>,
    ) -> ProjectedBy<'a> {
        match separate {
            Some(DistanceProjections { query, key }) => {
                ProjectedBy { query: query.as_ref(), key: key.as_ref() }
            }
            None => ProjectedBy {
                query: content.query.filter(|_| self.terms.has_queries()),
                key: content.key.filter(|_| self.terms.has_keys()),
            },
        }
    }

    /// The content-to-position scores: the query's content with the distance's key.
    ///
    /// ```text
    /// bias[i, j] = Q_i · K_r[δ(i, j)]
    /// ```
    ///
    /// # Shapes
    ///
    /// - `query`: `[batch, n_heads, seq, d_head]`
    /// - `distance_key`: `[1, n_heads, 2 n_buckets, d_head]`
    /// - result: `[batch, n_heads, seq, seq]`
    ///
    /// Reference: He et al. 2020, §3.1, eq. 4, <https://arxiv.org/abs/2006.03654>
    pub fn content_to_position(&self, query: Tensor<4>, distance_key: Tensor<4>) -> Tensor<4> {
        let rows = self.rows_for(&query);
        query.matmul(distance_key.transpose()).gather(3, rows)
    }

    /// The position-to-content scores: the key's content with the distance's query.
    ///
    /// ```text
    /// bias[i, j] = K_j · Q_r[δ(i, j)]
    /// ```
    ///
    /// The paper has `δ(j, i)` here; the published models were trained with `δ(i, j)`.
    ///
    /// # Shapes
    ///
    /// - `key`: `[batch, n_heads, seq, d_head]`
    /// - `distance_query`: `[1, n_heads, 2 n_buckets, d_head]`
    /// - result: `[batch, n_heads, seq, seq]`
    pub fn position_to_content(&self, key: Tensor<4>, distance_query: Tensor<4>) -> Tensor<4> {
        let rows = self.rows_for(&key).transpose();
        key.matmul(distance_query.transpose()).gather(3, rows).transpose()
    }

    fn rows_for(&self, content: &Tensor<4>) -> Tensor<4, Int> {
        let [batch, n_heads, seq, _] = content.dims();
        self.rows.clone().unsqueeze::<4>().expand([batch, n_heads, seq, seq])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(buckets: DistanceBuckets) -> Vec<usize> {
        let config = DisentangledConfig {
            n_buckets: 6,
            buckets,
            terms: DistanceTerms::Both,
            projections: DistanceProjection::Shared,
            norm: None,
        };
        [-30, -7, -6, -4, -1, 0, 3, 4, 5, 6, 30].map(|distance| config.row(distance)).to_vec()
    }

    #[test]
    fn exact_distances_beyond_the_table_have_its_last_rows() {
        let found = rows(DistanceBuckets::Exact);
        assert_eq!(found, [0, 0, 0, 2, 5, 6, 9, 10, 11, 11, 11]);
    }

    #[test]
    fn far_distances_share_rows_on_the_logarithmic_scale() {
        let found = rows(DistanceBuckets::Logarithmic { max_distance: 24 });
        assert_eq!(found, [0, 2, 2, 2, 5, 6, 9, 10, 10, 10, 11]);
    }
}
