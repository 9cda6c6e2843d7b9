//! Transformer blocks: named wirings of attention, feed-forward and norms.

mod block;
mod block_config;
mod layer_scale;
mod no_attention_norm;
mod parallel;
mod parallel_dual_norm;
mod post_norm;
mod post_norm_convolution;
mod post_norm_decoder;
mod pre_norm;
mod pre_norm_decoder;
mod reordered_norm;
mod sandwich;

pub use block::Block;
pub use block_config::{BlockConfig, Wiring};
pub use layer_scale::{LayerScale, LayerScaleBlock};
pub use no_attention_norm::NoAttentionNormBlock;
pub use parallel::ParallelBlock;
pub use parallel_dual_norm::ParallelDualNormBlock;
pub use post_norm::PostNormBlock;
pub use post_norm_convolution::PostNormConvolutionBlock;
pub use post_norm_decoder::PostNormDecoderBlock;
pub use pre_norm::PreNormBlock;
pub use pre_norm_decoder::PreNormDecoderBlock;
pub use reordered_norm::ReorderedNormBlock;
pub use sandwich::SandwichBlock;
