//! A stack of blocks over embedded texts, which all text backbones with attention have in common.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use super::embedding::{InputEmbedding, TokenInput};
use super::stack::{Pass, StackConfig, TransformerStack};
use super::{TokenBatch, TokenSource};
use crate::layers::EncoderOutput;
use crate::layers::cache::{Cache, CacheStep, LayerState};
use crate::layers::embedding::EmbeddingTable;
use crate::layers::mask::Padding;
use crate::layers::observer::{Observer, StackRole, lend};
use crate::layers::position::PositionIds;

/// The token embedding table and the rest of the input embedding.
#[derive(Module, Debug)]
pub struct Embedding {
    pub(super) token: EmbeddingTable,
    input_embedding: InputEmbedding,
}

impl Embedding {
    pub(super) fn new(vocab_size: usize, stack: &StackConfig, device: &Device) -> Self {
        Self {
            token: EmbeddingTable::new(vocab_size, stack.embedding.d_embedding, device),
            input_embedding: InputEmbedding::new(stack, device),
        }
    }

    /// The stack over texts with these embeddings.
    pub(super) fn with<'a>(
        &'a self,
        stack: &'a TransformerStack,
        role: StackRole,
    ) -> TextStack<'a> {
        TextStack { table: &self.token, embedding: &self.input_embedding, stack, role }
    }
}

/// A stack of blocks and the embeddings of its input.
pub(super) struct TextStack<'a> {
    pub(super) table: &'a EmbeddingTable,
    pub(super) embedding: &'a InputEmbedding,
    pub(super) stack: &'a TransformerStack,
    pub(super) role: StackRole,
}

/// The tokens of a forward pass, and its context.
pub(super) struct TextPass<'a> {
    pub(super) source: &'a TokenSource,
    pub(super) types: Option<&'a Tensor<2, Int>>,
    /// The padding of all positions.
    pub(super) padding: &'a Padding,
    /// The number of positions, including those of previous steps.
    pub(super) length: usize,
    /// The states of the layers, in incremental decoding.
    pub(super) states: Option<&'a mut [LayerState]>,
    pub(super) encoder: Option<EncoderOutput<'a>>,
    pub(super) observer: Option<&'a mut dyn Observer>,
}

impl<'a> TextPass<'a> {
    /// A pass over whole texts.
    pub(super) fn whole(tokens: &'a TokenBatch, observer: Option<&'a mut dyn Observer>) -> Self {
        let TokenBatch { source, types, padding } = tokens;
        let ([_, length], types) = (source.dims(), types.as_ref());
        Self { source, types, padding, length, states: None, encoder: None, observer }
    }

    /// A pass over the next tokens of cached texts.
    pub(super) fn step(source: &'a TokenSource, cache: &'a mut Cache) -> Self {
        let [n_rows, new] = source.dims();
        let length = cache.len() + new;
        let CacheStep { states, padding } = cache.advance(n_rows, new);
        let (states, encoder, observer) = (Some(states), None, None);
        Self { source, types: None, padding, length, states, encoder, observer }
    }
}

impl TextStack<'_> {
    /// The final hidden states of the tokens.
    pub(super) fn forward(&self, pass: TextPass<'_>) -> Tensor<3> {
        let TextPass { source, types, padding, length, states, encoder, mut observer } = pass;
        let position_ids = &PositionIds::new(padding, length, source.dims()[1]);
        let tokens = TokenInput { source, types, position_ids };
        let x = self.embedding.forward(self.table, tokens);
        let (observer, role) = (lend(&mut observer), self.role);
        self.stack.forward(x, Pass { position_ids, padding, states, encoder, observer, role })
    }
}
