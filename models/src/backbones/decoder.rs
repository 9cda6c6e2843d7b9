//! The decoder-only backbone: embeddings, causal blocks, a final norm.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::embedding::TokenInput;
use super::stack::{Pass, StackConfig, TransformerStack};
use super::{Embedding, TokenBatch, TokenSource};
use crate::layers::cache::Cache;
use crate::layers::embedding::EmbeddingTable;
use crate::layers::position::PositionIds;

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
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn forward(&self, tokens: &TokenBatch) -> Tensor<3> {
        self.embedding.forward(tokens, |x, pass| self.stack.forward(x, pass))
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
    pub fn hidden_states(&self, tokens: &TokenBatch) -> Vec<Tensor<3>> {
        self.embedding.forward(tokens, |x, pass| self.stack.hidden_states(x, pass))
    }

    /// The final hidden states of the next tokens, given the cached ones.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]` ids, or vectors `[batch, new, d_embedding]`
    /// - result: `[batch, new, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the sequence is longer than the learned position table.
    pub fn step(&self, tokens: impl Into<TokenSource>, cache: &mut Cache) -> Tensor<3> {
        let source = &tokens.into();
        let [n_rows, new] = source.dims();
        let length = cache.len() + new;
        let (layers, padding) = cache.advance(n_rows, new);
        let position_ids = &PositionIds::new(padding, length, new);
        let pass = Pass { position_ids, padding, caches: Some(layers), encoder: None };
        let Embedding { token, input_embedding } = &self.embedding;
        let tokens = TokenInput { source, types: None, position_ids };
        self.stack.forward(input_embedding.forward(token, tokens), pass)
    }
}
