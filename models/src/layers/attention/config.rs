//! Sizes and variants of attention layers.

use serde::{Deserialize, Serialize};

use super::mechanism::MechanismConfig;
use super::qk_norm::QkNorm;
use super::softmax::SoftmaxConfig;
use crate::layers::linear::Bias;
use crate::layers::mask::AttentionPattern;
use crate::layers::position::PositionEncoding;

/// Sizes and variant of a self-attention layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttentionConfig {
    /// Input and output features.
    pub d_model: usize,
    /// The numbers of heads and their width.
    pub heads: HeadDims,
    /// Which projections have a bias.
    pub bias: ProjectionBias,
    /// The norm of queries and keys, applied before the position encoding.
    pub qk_norm: QkNorm,
    /// The position encoding.
    pub positions: PositionEncoding,
    /// Which keys a query may attend to.
    pub pattern: AttentionPattern,
    /// How queries, keys and values are combined.
    pub mechanism: MechanismConfig,
}

/// The heads of an attention layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadDims {
    /// Query heads.
    pub n_heads: usize,
    /// Key and value heads; each is shared by `n_heads / n_kv_heads` query heads.
    pub n_kv_heads: usize,
    /// Features of a head; `n_heads · d_head` may differ from `d_model`.
    pub d_head: usize,
}

/// Which projections of an attention layer have a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionBias {
    /// The query, key and value projections.
    pub qkv: Bias,
    /// The output projection.
    pub output: Bias,
}

impl HeadDims {
    /// Features of all query heads together.
    pub fn d_query(&self) -> usize {
        self.n_heads * self.d_head
    }

    /// Features of all key heads together, and of all value heads.
    pub fn d_key(&self) -> usize {
        self.n_kv_heads * self.d_head
    }
}

impl ProjectionBias {
    /// The same for all projections.
    pub fn all(bias: Bias) -> Self {
        Self { qkv: bias, output: bias }
    }
}

impl AttentionConfig {
    /// The config of softmax attention, to be changed.
    ///
    /// # Panics
    ///
    /// Panics if the mechanism is another.
    pub fn softmax_mut(&mut self) -> &mut SoftmaxConfig {
        match &mut self.mechanism {
            MechanismConfig::Softmax(softmax) => softmax,
        }
    }

    /// Multiply-adds per token: the projections, then the scores and weighted sums over `n_keys`
    /// keys.
    pub fn macs_per_token(&self, n_keys: usize) -> usize {
        projection_macs(self.d_model, self.heads)
            + self.mechanism.macs_per_token(self.heads, self.pattern.mean_keys(n_keys))
    }
}

/// Multiply-adds per token of the four projections.
pub(super) fn projection_macs(d_model: usize, heads: HeadDims) -> usize {
    d_model * (2 * heads.d_query() + 2 * heads.d_key())
}
