//! Blocks: named wirings of attention, feed-forward and norms.

mod pre_norm;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::layers::Scope;
use crate::layers::mask::Span;
pub use pre_norm::{PreNormBlock, PreNormConfig};

/// Which wiring, and the sizes of its layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum BlockConfig {
    /// Norms before the branches.
    PreNorm(PreNormConfig),
}

/// One layer of a skeleton.
#[derive(Module, Debug)]
pub enum Block {
    /// GPT-2, Llama.
    PreNorm(PreNormBlock),
}

impl BlockConfig {
    /// A block of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Block {
        match self {
            Self::PreNorm(config) => Block::PreNorm(config.init(device)),
        }
    }

    /// What this block's queries may read.
    pub fn span(&self) -> Span {
        match self {
            Self::PreNorm(config) => config.attention.span,
        }
    }

    /// Multiply-adds per token with `n_keys` keys.
    pub fn macs_per_token(&self, n_keys: usize) -> usize {
        match self {
            Self::PreNorm(config) => config.macs_per_token(n_keys),
        }
    }

    /// Floats per token that a training step keeps for the backward pass.
    pub fn activations_per_token(&self, n_keys: usize) -> usize {
        match self {
            Self::PreNorm(config) => config.activations_per_token(n_keys),
        }
    }
}

impl Block {
    /// Applies the block.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, scope: &mut Scope<'_>) -> Tensor<3> {
        match self {
            Self::PreNorm(block) => block.forward(x, scope),
        }
    }
}
