//! The embedding of texts: the token table, and the rest of the input embedding.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::Tokens;
use super::embedding::{Ids, InputEmbedding};
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
        let StackConfig { d_model, max_positions, embedding, .. } = stack;
        Self {
            token: EmbeddingTable::new(vocab_size, embedding.d_embedding, device),
            input_embedding: InputEmbedding::new(embedding, (*d_model, *max_positions), device),
        }
    }

    /// Embeds whole texts and passes them to `run`, which applies
    /// [`TransformerStack::forward`](super::TransformerStack::forward) or
    /// [`TransformerStack::hidden_states`](super::TransformerStack::hidden_states).
    pub(super) fn forward<T>(
        &self,
        tokens: &Tokens,
        run: impl FnOnce(Tensor<3>, Pass<'_>) -> T,
    ) -> T {
        let Tokens { ids, types, padding } = tokens;
        let length = ids.dims()[1];
        let position_ids = PositionIds::new(padding, length, length);
        let vectors = self.token.forward(ids.clone());
        let x = self.input_embedding.forward(
            vectors,
            Ids { tokens: ids, types: types.as_ref() },
            &position_ids,
        );
        run(x, Pass { position_ids: &position_ids, padding, caches: None, encoder: None })
    }
}
