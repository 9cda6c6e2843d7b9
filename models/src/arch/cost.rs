//! What a decoder costs: operations and memory, from its config alone.

use super::decoder::DecoderConfig;

/// Bytes of a 32-bit float.
const F32: usize = 4;

/// Expected memory of a training step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainingMemory {
    /// Bytes of the weights.
    pub weights: usize,
    /// Bytes of the gradients.
    pub gradients: usize,
    /// Bytes of AdamW's two moments.
    pub optimizer: usize,
    /// Bytes of what the forward pass keeps for the backward pass; an estimate.
    pub activations: usize,
}

impl TrainingMemory {
    /// All of it, in bytes.
    pub fn total(&self) -> usize {
        self.weights + self.gradients + self.optimizer + self.activations
    }
}

impl DecoderConfig {
    /// Parameters of the embedding tables; a tied output projection has none of its own.
    pub fn embedding_parameters(&self) -> usize {
        let positions = self.position_rows().unwrap_or(0);
        (self.vocab_size + positions) * self.d_model
    }

    /// Floating-point operations per token of a forward pass over `length` tokens: two for every
    /// multiply-add of the matrix products, attention included at half its square for causality.
    /// A training step takes three times as many.
    ///
    /// Reference: Kaplan et al. 2020, §2.1, <https://arxiv.org/abs/2001.08361>
    pub fn flops_per_token(&self, length: usize) -> usize {
        let blocks: usize = self.layers.iter().map(|layer| layer.macs_per_token(length)).sum();
        2 * (blocks + self.d_model * self.vocab_size)
    }

    /// Expected memory of a training step over `batch` sequences of `length` tokens in 32-bit
    /// floats, for a model of `parameters` parameters.
    pub fn training_memory(
        &self,
        parameters: usize,
        [batch, length]: [usize; 2],
    ) -> TrainingMemory {
        let layers: usize =
            self.layers.iter().map(|layer| layer.activations_per_token(length)).sum();
        // The logits, their log-softmax and its gradient.
        let head = 3 * self.vocab_size + 4 * self.d_model;
        TrainingMemory {
            weights: parameters * F32,
            gradients: parameters * F32,
            optimizer: 2 * parameters * F32,
            activations: batch * length * (layers + head) * F32,
        }
    }
}
