//! The backbone over images: patch embeddings and blocks with bidirectional attention.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::stack::{Pass, StackConfig, TransformerStack};
use crate::layers::dropout::dropout;
use crate::layers::mask::Padding;
use crate::layers::observer::{Observer, StackRole, lend};
use crate::layers::patches::{PatchConfig, PatchEmbedding};
use crate::layers::position::PositionIds;

/// Config of an image encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageEncoderConfig {
    /// The patch embedding: from pixels to the first block's input.
    pub patches: PatchConfig,
    /// The blocks.
    pub stack: StackConfig,
    /// Standard deviation of the weights at initialization.
    pub init_std: f64,
}

/// Blocks over image patches, with attention to all of them.
#[derive(Module, Debug)]
pub struct ImageEncoder {
    embedding: PatchEmbedding,
    dropout: Dropout,
    stack: TransformerStack,
    #[module(skip)]
    config: ImageEncoderConfig,
}

impl ImageEncoderConfig {
    /// An encoder of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> ImageEncoder {
        ImageEncoder {
            embedding: self.patches.init(device),
            dropout: DropoutConfig::new(self.stack.embedding.dropout).init(),
            stack: self.stack.init(device),
            config: self.clone(),
        }
    }
}

impl ImageEncoder {
    /// The config that the encoder was built from.
    pub fn config(&self) -> &ImageEncoderConfig {
        &self.config
    }

    /// The device that the weights are on.
    pub fn device(&self) -> Device {
        self.embedding.cls_token.lazy_device()
    }

    /// The final hidden states of images.
    ///
    /// # Shapes
    ///
    /// - `pixels`: `[batch, channels, height, width]`, as the family's image processor scales them
    /// - result: `[batch, tokens + patches, d_model]`
    pub(super) fn forward(
        &self,
        pixels: Tensor<4>,
        mut observer: Option<&mut dyn Observer>,
    ) -> Tensor<3> {
        let vectors = dropout(&self.dropout, self.embedding.forward(pixels));
        let length = vectors.dims()[1];
        let padding = Padding::none();
        let position_ids = PositionIds::new(&padding, length, length);
        let pass = Pass::whole(StackRole::Encoder, &position_ids, &padding);
        self.stack.forward(vectors, Pass { observer: lend(&mut observer), ..pass })
    }
}
