//! The encoder-only backbone: embeddings and blocks with bidirectional attention.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::stack::{StackConfig, TransformerStack};
use super::text_stack::TextPass;
use super::{Embedding, TokenBatch};
use crate::layers::embedding::EmbeddingTable;
use crate::layers::observer::{Observer, StackRole, lend};

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
    pub(super) fn forward(
        &self,
        tokens: &TokenBatch,
        mut observer: Option<&mut dyn Observer>,
    ) -> Tensor<3> {
        let stack = self.embedding.with(&self.stack, StackRole::Encoder);
        stack.forward(TextPass::whole(tokens, lend(&mut observer)))
    }
}
