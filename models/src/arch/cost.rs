//! What a model costs: operations and memory, from its config alone.

use super::{DecoderConfig, EncoderConfig, EncoderDecoderConfig, ImageEncoderConfig, StackConfig};

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

/// What a skeleton costs.
#[derive(Debug, Clone, Copy)]
pub struct Cost<'a> {
    stacks: [Option<&'a StackConfig>; 2],
    vocab_size: usize,
}

impl<'a> From<&'a DecoderConfig> for Cost<'a> {
    fn from(config: &'a DecoderConfig) -> Self {
        Self { stacks: [Some(&config.stack), None], vocab_size: config.vocab_size }
    }
}

impl<'a> From<&'a EncoderConfig> for Cost<'a> {
    fn from(config: &'a EncoderConfig) -> Self {
        Self { stacks: [Some(&config.stack), None], vocab_size: config.vocab_size }
    }
}

impl<'a> From<&'a ImageEncoderConfig> for Cost<'a> {
    fn from(config: &'a ImageEncoderConfig) -> Self {
        Self { stacks: [Some(&config.stack), None], vocab_size: 0 }
    }
}

impl<'a> From<&'a EncoderDecoderConfig> for Cost<'a> {
    fn from(config: &'a EncoderDecoderConfig) -> Self {
        let stacks = [Some(&config.encoder), Some(&config.decoder)];
        Self { stacks, vocab_size: config.vocab_size }
    }
}

impl Cost<'_> {
    fn stacks(&self) -> impl Iterator<Item = &StackConfig> {
        self.stacks.iter().copied().flatten()
    }

    /// Features of the last hidden states.
    fn d_model(&self) -> usize {
        self.stacks().last().map_or(0, |stack| stack.d_model)
    }

    /// Parameters of the embedding tables; a tied output projection has none of its own.
    pub fn embedding_parameters(&self) -> usize {
        let width = self.stacks().next().map_or(0, |stack| stack.embedding.d_embedding);
        let added = self.stacks().map(|stack| {
            let rows = stack.position_rows().unwrap_or(0) + stack.embedding.n_types;
            rows * stack.embedding.d_embedding
        });
        self.vocab_size * width + added.sum::<usize>()
    }

    /// Floating-point operations per token of a forward pass over `length` tokens: two for every
    /// multiply-add of the matrix products, attention included at half its square for causality.
    /// A training step takes three times as many.
    ///
    /// Of an encoder-decoder: per token of the text written, with another of the text read.
    ///
    /// Reference: Kaplan et al. 2020, §2.1, <https://arxiv.org/abs/2001.08361>
    pub fn flops_per_token(&self, length: usize) -> usize {
        let blocks = self.stacks().map(|stack| {
            let layers = stack.layers.iter().map(|layer| layer.macs_per_token(length));
            stack.passes * layers.sum::<usize>()
        });
        2 * (blocks.sum::<usize>() + self.d_model() * self.vocab_size)
    }

    /// Expected memory of a training step over `batch` sequences of `length` tokens in 32-bit
    /// floats, for a model of `parameters` parameters.
    pub fn training_memory(
        &self,
        parameters: usize,
        [batch, length]: [usize; 2],
    ) -> TrainingMemory {
        let layers = self.stacks().map(|stack| {
            let layers = stack.layers.iter().map(|layer| layer.activations_per_token(length));
            stack.passes * layers.sum::<usize>()
        });
        // The logits, their log-softmax and its gradient.
        let head = 3 * self.vocab_size + 4 * self.d_model();
        TrainingMemory {
            weights: parameters * F32,
            gradients: parameters * F32,
            optimizer: 2 * parameters * F32,
            activations: batch * length * (layers.sum::<usize>() + head) * F32,
        }
    }
}
