//! A block of any wiring.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::{
    BlockConfig, LayerScaleBlock, NoAttentionNormBlock, ParallelBlock, ParallelDualNormBlock,
    PostNormBlock, PostNormConvolutionBlock, PostNormDecoderBlock, PreNormBlock,
    PreNormDecoderBlock, ReorderedNormBlock, SandwichBlock, Wiring,
};
use crate::layers::AttentionContext;

/// One layer of a backbone.
#[derive(Module, Debug)]
pub enum Block {
    /// ModernBERT's first layer.
    NoAttentionNorm(NoAttentionNormBlock),
    /// OLMo 2.
    ReorderedNorm(ReorderedNormBlock),
    /// GPT-J, Phi.
    Parallel(ParallelBlock),
    /// GPT-NeoX.
    ParallelDualNorm(ParallelDualNormBlock),
    /// The first Transformer, BERT.
    PostNorm(PostNormBlock),
    /// DeBERTa v2's first layer.
    PostNormConvolution(PostNormConvolutionBlock),
    /// The first Transformer's decoder, BART's.
    PostNormDecoder(PostNormDecoderBlock),
    /// GPT-2, Llama.
    PreNorm(PreNormBlock),
    /// The decoders of T5, Pegasus, mBART.
    PreNormDecoder(PreNormDecoderBlock),
    /// Gemma 2 and 3.
    Sandwich(SandwichBlock),
    /// DINOv2.
    LayerScale(LayerScaleBlock),
}

impl BlockConfig {
    /// A block of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Block {
        match self.wiring {
            Wiring::NoAttentionNorm => {
                Block::NoAttentionNorm(NoAttentionNormBlock::new(self, device))
            }
            Wiring::ReorderedNorm => Block::ReorderedNorm(ReorderedNormBlock::new(self, device)),
            Wiring::Parallel => Block::Parallel(ParallelBlock::new(self, device)),
            Wiring::ParallelDualNorm => {
                Block::ParallelDualNorm(ParallelDualNormBlock::new(self, device))
            }
            Wiring::PostNorm => Block::PostNorm(PostNormBlock::new(self, device)),
            Wiring::PostNormConvolution(convolution, activation) => {
                let block = PostNormConvolutionBlock::new(self, convolution, activation, device);
                Block::PostNormConvolution(block)
            }
            Wiring::PostNormDecoder => {
                Block::PostNormDecoder(PostNormDecoderBlock::new(self, device))
            }
            Wiring::PreNorm => Block::PreNorm(PreNormBlock::new(self, device)),
            Wiring::PreNormDecoder => Block::PreNormDecoder(PreNormDecoderBlock::new(self, device)),
            Wiring::Sandwich => Block::Sandwich(SandwichBlock::new(self, device)),
            Wiring::LayerScale => Block::LayerScale(LayerScaleBlock::new(self, device)),
        }
    }
}

impl Block {
    /// Applies the block.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[batch, seq, d_model]`
    pub fn forward(&self, x: Tensor<3>, context: &mut AttentionContext<'_>) -> Tensor<3> {
        match self {
            Self::NoAttentionNorm(block) => block.forward(x, context),
            Self::ReorderedNorm(block) => block.forward(x, context),
            Self::Parallel(block) => block.forward(x, context),
            Self::ParallelDualNorm(block) => block.forward(x, context),
            Self::PostNorm(block) => block.forward(x, context),
            Self::PostNormConvolution(block) => block.forward(x, context),
            Self::PostNormDecoder(block) => block.forward(x, context),
            Self::PreNorm(block) => block.forward(x, context),
            Self::PreNormDecoder(block) => block.forward(x, context),
            Self::Sandwich(block) => block.forward(x, context),
            Self::LayerScale(block) => block.forward(x, context),
        }
    }
}
