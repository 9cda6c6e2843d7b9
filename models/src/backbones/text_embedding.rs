//! The embedding of texts: the token table, and the rest of the input embedding.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::TokenBatch;
use super::embedding::{InputEmbedding, TokenInput};
use super::stack::{Pass, StackConfig};
use crate::layers::embedding::EmbeddingTable;
use crate::layers::position::PositionIds;

/// The token embedding table and the rest of the input embedding.
#[derive(Module, Debug)]
pub struct Embedding {
    pub(super) token: EmbeddingTable,
    pub(super) input_embedding: InputEmbedding,
}

impl Embedding {
    pub(super) fn new(vocab_size: usize, stack: &StackConfig, device: &Device) -> Self {
        Self {
            token: EmbeddingTable::new(vocab_size, stack.embedding.d_embedding, device),
            input_embedding: InputEmbedding::new(stack, device),
        }
    }

    /// Embeds whole texts and passes them to `run`; see [`InputEmbedding::forward_whole`].
    pub(super) fn forward<T>(
        &self,
        tokens: &TokenBatch,
        run: impl FnOnce(Tensor<3>, Pass<'_>) -> T,
    ) -> T {
        self.input_embedding.forward_whole(&self.token, tokens, run)
    }
}

impl InputEmbedding {
    /// Embeds whole texts and passes them to `run`, which applies
    /// [`TransformerStack::forward`](super::TransformerStack::forward) or
    /// [`TransformerStack::hidden_states`](super::TransformerStack::hidden_states).
    pub(super) fn forward_whole<T>(
        &self,
        table: &EmbeddingTable,
        tokens: &TokenBatch,
        run: impl FnOnce(Tensor<3>, Pass<'_>) -> T,
    ) -> T {
        let TokenBatch { source, types, padding } = tokens;
        let [_, length] = source.dims();
        let position_ids = &PositionIds::new(padding, length, length);
        let types = types.as_ref();
        let x = self.forward(table, TokenInput { source, types, position_ids });
        run(x, Pass { position_ids, padding, caches: None, encoder: None })
    }
}
