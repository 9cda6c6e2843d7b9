//! The decoder-only backbone: embeddings, causal blocks, a final norm.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::stack::{StackConfig, TransformerStack};
use super::text_stack::{TextPass, TextStack};
use super::{Embedding, TokenBatch, TokenSource};
use crate::layers::cache::Cache;
use crate::layers::embedding::EmbeddingTable;
use crate::layers::observer::{Observer, StackRole, lend};

/// Config of a decoder-only backbone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecoderConfig {
    /// Vocabulary size; token ids are below it.
    pub vocab_size: usize,
    /// The blocks and the input embedding.
    pub stack: StackConfig,
    /// Where the output projection's weights come from.
    pub output: OutputWeights,
    /// The logits are capped smoothly to `±logit_softcap`; `None` means no cap.
    pub logit_softcap: Option<f64>,
    /// Standard deviation of the weights at initialization.
    pub init_std: f64,
}

/// Where the output projection's weights come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputWeights {
    /// The token embedding table.
    Tied,
    /// A separate matrix if the checkpoint has one, otherwise the token embedding table: T5, whose
    /// configs do not specify it.
    TiedUnlessGiven,
    /// The same for a config that specifies a separate matrix: T5 1.1, of which some checkpoints
    /// have none.
    SeparateIfGiven,
    /// A separate matrix.
    Separate,
    /// A separate matrix, and a bias for each token.
    SeparateWithBias,
}

/// From a config's `tie_word_embeddings`.
impl From<bool> for OutputWeights {
    fn from(is_tied: bool) -> Self {
        if is_tied { Self::Tied } else { Self::Separate }
    }
}

/// A stack of causal blocks over embedded tokens.
#[derive(Module, Debug)]
pub struct Decoder {
    embedding: Embedding,
    stack: TransformerStack,
    #[module(skip)]
    config: DecoderConfig,
}

impl DecoderConfig {
    /// A decoder of zeros, to be initialized or loaded.
    pub fn init(&self, device: &Device) -> Decoder {
        Decoder {
            embedding: Embedding::new(self.vocab_size, &self.stack, device),
            stack: self.stack.init(device),
            config: self.clone(),
        }
    }
}

impl Decoder {
    /// The config that the decoder was built from.
    pub fn config(&self) -> &DecoderConfig {
        &self.config
    }

    /// The token embedding table, which a tied output projection shares.
    pub fn token_embedding(&self) -> &EmbeddingTable {
        &self.embedding.token
    }

    /// The final hidden states of whole sequences.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`, after the final norm
    pub(super) fn forward(
        &self,
        tokens: &TokenBatch,
        mut observer: Option<&mut dyn Observer>,
    ) -> Tensor<3> {
        self.stack().forward(TextPass::whole(tokens, lend(&mut observer)))
    }

    /// The final hidden states of the next tokens, given the cached ones.
    ///
    /// # Shapes
    ///
    /// - `source`: `[batch, new]`
    /// - result: `[batch, new, d_model]`
    pub(super) fn step(&self, source: &TokenSource, cache: &mut Cache) -> Tensor<3> {
        self.stack().forward(TextPass::step(source, cache))
    }

    fn stack(&self) -> TextStack<'_> {
        self.embedding.with(&self.stack, StackRole::Decoder)
    }
}
