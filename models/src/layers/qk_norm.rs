//! Norms of queries and keys.

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::norm::{Norm, NormConfig, NormKind};

/// Whether queries and keys are normalised, which keeps scores from growing in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum QkNorm {
    /// They are not.
    None,
    /// Each head by itself: Qwen 3, Gemma 3.
    PerHeadShared(NormKind, f64),
    /// All heads together: OLMo 2.
    Full(NormKind, f64),
    /// Each head with a scale of its own: StableLM 2.
    PerHead(NormKind, f64),
}

/// The norm of queries or keys.
#[derive(Module, Debug)]
pub enum HeadNorm {
    /// One scale, for every head or for all of them side by side.
    One(Norm),
    /// A scale for each head.
    Each(Vec<Norm>),
}

impl QkNorm {
    /// The norm of projections that are `width` wide, in heads of `d_head`.
    pub(super) fn init(
        &self,
        (d_head, width): (usize, usize),
        device: &Device,
    ) -> Option<HeadNorm> {
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
