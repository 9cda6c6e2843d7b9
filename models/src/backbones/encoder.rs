//! The encoder-only backbone: embeddings and blocks with bidirectional attention.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::stack::{Pass, StackConfig, TransformerStack};
use super::{Embedding, Tokens};
use crate::layers::dropout::dropout;
use crate::layers::embedding::EmbeddingTable;
use crate::layers::mask::Padding;
use crate::layers::observer::StackRole;
use crate::layers::patches::{PatchConfig, PatchEmbedding};
use crate::layers::position::PositionIds;

/// Config of a text encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncoderConfig {
    /// Vocabulary size; token ids are below it.
    pub vocab_size: usize,
    /// The blocks and the input embedding.
    pub stack: StackConfig,
    /// Standard deviation of the weights at initialization.
    pub init_std: f64,
}

/// Blocks over embedded tokens, with attention to all of them.
#[derive(Module, Debug)]
pub struct Encoder {
    embedding: Embedding,
    stack: TransformerStack,
    #[module(skip)]
    config: EncoderConfig,
}

impl EncoderConfig {
    /// An encoder of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Encoder {
        Encoder {
            embedding: Embedding::new(self.vocab_size, &self.stack, device),
            stack: self.stack.init(device),
            config: self.clone(),
        }
    }
}

impl Encoder {
    /// The config that the encoder was built from.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// The token embedding table, which a tied output projection shares.
    pub fn token_embedding(&self) -> &EmbeddingTable {
        &self.embedding.token
    }

    /// The final hidden states.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn forward(&self, tokens: &Tokens) -> Tensor<3> {
        self.embedding.forward(StackRole::Encoder, tokens, |x, pass| self.stack.forward(x, pass))
    }

    /// The hidden states at every layer: the embeddings, the output of each block but the last, and
    /// the final hidden states.
    ///
    /// # Shapes
    ///
    /// - results: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn hidden_states(&self, tokens: &Tokens) -> Vec<Tensor<3>> {
        self.embedding
            .forward(StackRole::Encoder, tokens, |x, pass| self.stack.hidden_states(x, pass))
    }
}

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

/// The same blocks over image patches.
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
    pub fn forward(&self, pixels: Tensor<4>) -> Tensor<3> {
        let vectors = dropout(&self.dropout, self.embedding.forward(pixels));
        let length = vectors.dims()[1];
        let padding = Padding::none();
        let position_ids = PositionIds::new(&padding, length, length);
        let pass = Pass::whole(StackRole::Encoder, &position_ids, &padding);
        self.stack.forward(vectors, pass)
    }
}
