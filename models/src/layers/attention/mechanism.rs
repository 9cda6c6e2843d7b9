//! How queries, keys and values are combined. Each mechanism is in a file, with its equation, its
//! cost and its reference.

use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::config::HeadDims;
use super::softmax::{SoftmaxAttention, SoftmaxConfig};
use crate::layers::mask::Mask;
use crate::layers::observer::AttentionProbe;

/// The mechanism of an attention layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MechanismConfig {
    /// The softmax of all scores.
    Softmax(SoftmaxConfig),
}

/// How an attention layer combines queries, keys and values.
#[derive(Module, Debug)]
pub enum Mechanism {
    /// The softmax of all scores.
    Softmax(SoftmaxAttention),
}

/// The input of a mechanism.
#[derive(Debug, Clone)]
pub struct SdpaInput {
    /// `[batch, n_heads, queries, d_head]`
    pub query: Tensor<4>,
    /// `[batch, n_kv_heads, keys, d_head]`
    pub key: Tensor<4>,
    /// `[batch, n_kv_heads, keys, d_head]`
    pub value: Tensor<4>,
    /// Added to the scores, `[1 or batch, n_heads, 1 or queries, keys]`.
    pub bias: Option<Tensor<4>>,
}

impl MechanismConfig {
    /// The mechanism, which has no parameters.
    pub fn init(&self) -> Mechanism {
        match self {
            Self::Softmax(config) => Mechanism::Softmax(config.init()),
        }
    }

    /// Multiply-adds per token with these heads, for queries that see `n_keys` keys.
    pub fn macs_per_token(&self, heads: HeadDims, n_keys: usize) -> usize {
        match self {
            Self::Softmax(config) => config.macs_per_token(heads, n_keys),
        }
    }

    /// Dropout probability of the attention weights in training.
    pub fn dropout(&self) -> f64 {
        match self {
            Self::Softmax(config) => config.dropout,
        }
    }
}

impl Mechanism {
    /// Combines the values that each query sees.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, n_heads, queries, d_head]`
    pub fn forward(
        &self,
        input: SdpaInput,
        mask: &Mask,
        probe: Option<AttentionProbe<'_>>,
    ) -> Tensor<4> {
        match self {
            Self::Softmax(attention) => attention.forward(input, mask, probe),
        }
    }

    /// The factor on the scores.
    pub fn scale(&self) -> f64 {
        match self {
            Self::Softmax(attention) => attention.scale(),
        }
    }
}
