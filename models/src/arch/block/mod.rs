//! Blocks: named wirings of attention, feed-forward and norms.

mod bare_attention;
mod branch_norm;
mod parallel;
mod parallel_two_norms;
mod post_norm;
mod post_norm_convolution;
mod post_norm_reader;
mod pre_norm;
mod pre_norm_reader;
mod sandwich;
mod scaled_branches;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::layers::Scope;
use crate::layers::activation::Activation;
use crate::layers::attention::AttentionConfig;
use crate::layers::convolution::ConvolutionConfig;
use crate::layers::feed_forward::{FeedForwardConfig, FeedForwardKind};
use crate::layers::mask::Span;
use crate::layers::norm::NormConfig;
use crate::layers::position::PositionEncoding;
pub use bare_attention::BareAttentionBlock;
pub use branch_norm::BranchNormBlock;
pub use parallel::ParallelBlock;
pub use parallel_two_norms::ParallelTwoNormsBlock;
pub use post_norm::PostNormBlock;
pub use post_norm_convolution::PostNormConvolutionBlock;
pub use post_norm_reader::PostNormReaderBlock;
pub use pre_norm::PreNormBlock;
pub use pre_norm_reader::PreNormReaderBlock;
pub use sandwich::SandwichBlock;
pub use scaled_branches::{LayerScale, ScaledBranchesBlock};

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
    /// A norm before the feed-forward branch only.
    BareAttention,
    /// A norm after each branch.
    BranchNorm,
    /// One norm before both branches, which are added at once.
    Parallel,
    /// A norm before each of two branches, which are added at once.
    ParallelTwoNorms,
    /// A norm after each branch is added.
    PostNorm,
    /// The same with a convolution of the block's input, which is added to its result.
    PostNormConvolution(ConvolutionConfig, Activation),
    /// The same with a third branch, which reads a memory.
    PostNormReader,
    /// A norm before each branch.
    PreNorm,
    /// The same with a third branch, which reads a memory.
    PreNormReader,
    /// A norm before and one after each branch.
    Sandwich,
    /// A norm before each branch and a learned scale after it.
    ScaledBranches,
}

/// One layer of a backbone.
#[derive(Module, Debug)]
pub enum Block {
    /// ModernBERT's first layer.
    BareAttention(BareAttentionBlock),
    /// OLMo 2.
    BranchNorm(BranchNormBlock),
    /// GPT-J, Phi.
    Parallel(ParallelBlock),
    /// GPT-NeoX.
    ParallelTwoNorms(ParallelTwoNormsBlock),
    /// The first Transformer, BERT.
    PostNorm(PostNormBlock),
    /// DeBERTa v2's first layer.
    PostNormConvolution(PostNormConvolutionBlock),
    /// The first Transformer's decoder, BART's.
    PostNormReader(PostNormReaderBlock),
    /// GPT-2, Llama.
    PreNorm(PreNormBlock),
    /// The decoders of T5, Pegasus, mBART.
    PreNormReader(PreNormReaderBlock),
    /// Gemma 2 and 3.
    Sandwich(SandwichBlock),
    /// DINOv2.
    ScaledBranches(ScaledBranchesBlock),
}

impl BlockConfig {
    /// A block of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Block {
        match self.wiring {
            Wiring::BareAttention => Block::BareAttention(BareAttentionBlock::new(self, device)),
            Wiring::BranchNorm => Block::BranchNorm(BranchNormBlock::new(self, device)),
            Wiring::Parallel => Block::Parallel(ParallelBlock::new(self, device)),
            Wiring::ParallelTwoNorms => {
                Block::ParallelTwoNorms(ParallelTwoNormsBlock::new(self, device))
            }
            Wiring::PostNorm => Block::PostNorm(PostNormBlock::new(self, device)),
            Wiring::PostNormConvolution(convolution, activation) => {
                let block = PostNormConvolutionBlock::new(self, convolution, activation, device);
                Block::PostNormConvolution(block)
            }
            Wiring::PostNormReader => Block::PostNormReader(PostNormReaderBlock::new(self, device)),
            Wiring::PreNorm => Block::PreNorm(PreNormBlock::new(self, device)),
            Wiring::PreNormReader => Block::PreNormReader(PreNormReaderBlock::new(self, device)),
            Wiring::Sandwich => Block::Sandwich(SandwichBlock::new(self, device)),
            Wiring::ScaledBranches => Block::ScaledBranches(ScaledBranchesBlock::new(self, device)),
        }
    }

    /// The attention that reads a memory: all of it, and without positions of its own.
    fn cross_attention(&self) -> AttentionConfig {
        AttentionConfig {
            span: Span::Full,
            positions: PositionEncoding::None,
            ..self.attention.clone()
        }
    }

    /// Whether a third branch reads a memory.
    pub(super) fn reads(&self) -> bool {
        matches!(self.wiring, Wiring::PostNormReader | Wiring::PreNormReader)
    }

    /// Multiply-adds per token with `n_keys` keys.
    pub fn macs_per_token(&self, n_keys: usize) -> usize {
        // A memory is taken to be as long as the text.
        let cross = if self.reads() { self.cross_attention().macs_per_token(n_keys) } else { 0 };
        let convolution = match self.wiring {
            Wiring::PostNormConvolution(config, _) => config.macs_per_token(self.attention.d_model),
            _ => 0,
        };
        let attention = self.attention.macs_per_token(n_keys) + cross;
        attention + convolution + self.feed_forward.macs_per_token()
    }

    /// The widest of its projections, in features.
    pub(super) fn widest(&self) -> usize {
        let AttentionConfig { d_model, n_heads, n_kv_heads, d_head, .. } = self.attention;
        let projected = n_heads.max(n_kv_heads).saturating_mul(d_head);
        d_model.max(projected).max(self.feed_forward.d_ff)
    }

    /// About how many parameters it has. A float, because a hostile config's would overflow.
    pub(super) fn weights(&self) -> f64 {
        let AttentionConfig { d_model, n_heads, n_kv_heads, d_head, .. } = self.attention;
        let [d_model, n_heads, n_kv_heads, d_head, d_ff] =
            [d_model, n_heads, n_kv_heads, d_head, self.feed_forward.d_ff].map(|n| n as f64);
        let attention = 2.0 * d_model * (n_heads + n_kv_heads) * d_head;
        let attentions = if self.reads() { 2.0 } else { 1.0 };
        let convolution = match self.wiring {
            Wiring::PostNormConvolution(config, _) => {
                d_model * d_model * config.kernel as f64 / config.groups as f64
            }
            _ => 0.0,
        };
        let feed_forward = 3.0 * d_model * d_ff * self.feed_forward.n_experts() as f64;
        attentions * attention + convolution + feed_forward
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
            FeedForwardKind::Mixture { n_experts, .. } => 6 * n_experts,
        };
        let n_norms = match self.wiring {
            Wiring::Parallel | Wiring::BareAttention => 1,
            Wiring::PostNormConvolution(..) | Wiring::PostNormReader | Wiring::PreNormReader => 3,
            Wiring::Sandwich => 4,
            Wiring::PreNorm
            | Wiring::PostNorm
            | Wiring::BranchNorm
            | Wiring::ParallelTwoNorms
            | Wiring::ScaledBranches => 2,
        };
        let scores = 2 * attention.n_heads * n_keys;
        let attended = (3 * d_query + 2 * d_key + scores) * if self.reads() { 2 } else { 1 };
        3 * n_norms * d_model + attended + hidden * self.feed_forward.d_ff
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
            Self::BareAttention(block) => block.forward(x, scope),
            Self::BranchNorm(block) => block.forward(x, scope),
            Self::Parallel(block) => block.forward(x, scope),
            Self::ParallelTwoNorms(block) => block.forward(x, scope),
            Self::PostNorm(block) => block.forward(x, scope),
            Self::PostNormConvolution(block) => block.forward(x, scope),
            Self::PostNormReader(block) => block.forward(x, scope),
            Self::PreNorm(block) => block.forward(x, scope),
            Self::PreNormReader(block) => block.forward(x, scope),
            Self::Sandwich(block) => block.forward(x, scope),
            Self::ScaledBranches(block) => block.forward(x, scope),
        }
    }
}
