//! Blocks: named wirings of attention, feed-forward and norms.

mod branch_norm;
mod parallel;
mod pre_norm;
mod sandwich;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::layers::Scope;
use crate::layers::attention::AttentionConfig;
use crate::layers::feed_forward::{FeedForwardConfig, FeedForwardKind};
use crate::layers::norm::NormConfig;
pub use branch_norm::BranchNormBlock;
pub use parallel::ParallelBlock;
pub use pre_norm::PreNormBlock;
pub use sandwich::SandwichBlock;

/// Which wiring, and the sizes of its layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockConfig {
    /// How norms and branches are joined.
    pub wiring: Wiring,
    /// The attention branch.
    pub attention: AttentionConfig,
    /// The feed-forward branch.
    pub feed_forward: FeedForwardConfig,
    /// Every norm of the block.
    pub norm: NormConfig,
    /// Probability of dropping a feature of a branch's result in training.
    pub dropout: f64,
}

/// How norms and branches are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wiring {
    /// A norm before each branch.
    PreNorm,
    /// A norm before and one after each branch.
    Sandwich,
    /// A norm after each branch.
    BranchNorm,
    /// One norm before both branches, which are added at once.
    Parallel,
}

/// One layer of a skeleton.
#[expect(clippy::large_enum_variant, reason = "there are as many as layers, made once")]
#[derive(Module, Debug)]
pub enum Block {
    /// GPT-2, Llama.
    PreNorm(PreNormBlock),
    /// Gemma 2 and 3.
    Sandwich(SandwichBlock),
    /// OLMo 2.
    BranchNorm(BranchNormBlock),
    /// GPT-J, Phi.
    Parallel(ParallelBlock),
}

impl BlockConfig {
    /// A block of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Block {
        match self.wiring {
            Wiring::PreNorm => Block::PreNorm(PreNormBlock::new(self, device)),
            Wiring::Sandwich => Block::Sandwich(SandwichBlock::new(self, device)),
            Wiring::BranchNorm => Block::BranchNorm(BranchNormBlock::new(self, device)),
            Wiring::Parallel => Block::Parallel(ParallelBlock::new(self, device)),
        }
    }

    /// Multiply-adds per token with `n_keys` keys.
    pub fn macs_per_token(&self, n_keys: usize) -> usize {
        self.attention.macs_per_token(n_keys) + self.feed_forward.macs_per_token()
    }

    /// Floats per token that a training step keeps for the backward pass.
    ///
    /// An estimate: the inputs of every product and the scores, which are kept twice (masked, and
    /// after the softmax).
    pub fn activations_per_token(&self, n_keys: usize) -> usize {
        let attention = &self.attention;
        let d_model = attention.d_model;
        let d_query = attention.n_heads * attention.d_head;
        let d_key = attention.n_kv_heads * attention.d_head;
        let hidden = match self.feed_forward.kind {
            FeedForwardKind::Plain => 4,
            FeedForwardKind::Gated => 5,
        };
        let norms = match self.wiring {
            Wiring::Parallel => 3 * d_model,
            Wiring::PreNorm | Wiring::BranchNorm => 2 * 3 * d_model,
            Wiring::Sandwich => 4 * 3 * d_model,
        };
        let scores = 2 * attention.n_heads * n_keys;
        norms + 3 * d_query + 2 * d_key + scores + hidden * self.feed_forward.d_ff
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
            Self::Sandwich(block) => block.forward(x, scope),
            Self::BranchNorm(block) => block.forward(x, scope),
            Self::Parallel(block) => block.forward(x, scope),
        }
    }
}
