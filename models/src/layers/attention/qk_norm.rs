//! Norms of queries and keys.

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::layers::norm::{Norm, NormConfig, NormKind};

/// The norm of queries and keys, which keeps scores from growing in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum QkNorm {
    /// No norm.
    None,
    /// A norm over each head, with one scale for all heads: Qwen 3, Gemma 3.
    PerHeadShared(NormKind, f64),
    /// A norm over all heads together: OLMo 2.
    Full(NormKind, f64),
    /// A norm over each head, with a scale for each head: StableLM 2.
    PerHead(NormKind, f64),
}

/// The norm of queries or keys.
#[derive(Module, Debug)]
pub enum HeadNorm {
    /// One scale, shared by all heads or over all of them together.
    One(Norm),
    /// A scale for each head.
    Each(Vec<Norm>),
}

impl QkNorm {
    /// The norm of projections of `width` features, in heads of `d_head`.
    pub(super) fn init(&self, width: usize, d_head: usize, device: &Device) -> Option<HeadNorm> {
        let norm = |kind, d_model, epsilon| NormConfig { kind, d_model, epsilon }.init(device);
        Some(match *self {
            Self::None => return None,
            Self::PerHeadShared(kind, epsilon) => HeadNorm::One(norm(kind, d_head, epsilon)),
            Self::Full(kind, epsilon) => HeadNorm::One(norm(kind, width, epsilon)),
            Self::PerHead(kind, epsilon) => {
                let heads = 0..width / d_head;
                HeadNorm::Each(heads.map(|_| norm(kind, d_head, epsilon)).collect())
            }
        })
    }
}
