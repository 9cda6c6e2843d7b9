//! The cost of a model, operations and memory, computed from its config alone.

use super::embedding::{EmbeddingConfig, PositionEmbedding};
use super::{BackboneConfig, RecurrentSeq2SeqConfig, RecurrentStackConfig, StackConfig};
use crate::blocks::BlockConfig;
use crate::layers::attention::{HeadDims, QkNorm};

/// Bytes of an f32.
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
    /// Bytes of the activations kept for the backward pass; an estimate.
    pub activations: usize,
}

impl TrainingMemory {
    /// The sum, in bytes.
    pub fn total(&self) -> usize {
        self.weights + self.gradients + self.optimizer + self.activations
    }
}

/// The lengths of one sequence in a forward pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sequence {
    /// Tokens of the encoder's input, if the model has an encoder beside the decoder; otherwise 0.
    pub source: usize,
    /// Tokens of the text.
    pub text: usize,
    /// The number of logits computed for the sequence: positions times classes.
    pub scores: f64,
}

/// The cost of a backbone.
#[derive(Debug, Clone)]
pub struct Cost<'a> {
    stacks: Vec<&'a StackConfig>,
    recurrent: Vec<&'a RecurrentStackConfig>,
    /// The config of the attention between recurrent layers, if there is any.
    attending: Option<&'a RecurrentSeq2SeqConfig>,
    vocab_size: usize,
}

/// An upper bound on the features of a layer.
const MOST_FEATURES: usize = 1 << 19;
/// An upper bound on the total number of blocks, experts and heads with norms of their own.
const MOST_PARTS: usize = 1 << 17;
/// An upper bound on the number of parameters.
const MOST_PARAMETERS: f64 = (1_u64 << 43) as f64;
/// An upper bound on the elements of a table that is computed instead of loaded: one gigabyte.
const MOST_COMPUTED: f64 = (1_u64 << 28) as f64;

/// A size in a config that exceeds the limit for any real model.
#[derive(Debug, Clone, PartialEq)]
pub struct Excess {
    /// The name of the size.
    pub what: &'static str,
    /// The value in the config.
    pub asked: f64,
    /// The limit.
    pub most: f64,
}

impl<'a> From<&'a BackboneConfig> for Cost<'a> {
    fn from(config: &'a BackboneConfig) -> Self {
        Self {
            stacks: config.stacks(),
            recurrent: config.recurrent_stacks(),
            attending: match config {
                BackboneConfig::RecurrentSeq2Seq(config) => Some(config),
                _ => None,
            },
            vocab_size: config.vocab_size(),
        }
    }
}

impl Cost<'_> {
    /// The first size that exceeds its limit. Sizes that are each plausible can have a product that
    /// overflows, or fill the memory with a computed table that is in no file.
    pub fn excess(&self) -> Option<Excess> {
        let mut parameters = 0.0;
        let mut parts = 0_usize;
        let mut found = Vec::new();
        for stack in &self.stacks {
            let width = stack.d_model.max(stack.embedding.d_embedding);
            let widest = stack.layers.iter().map(BlockConfig::widest).fold(width, usize::max);
            found.push(("features of a layer", widest as f64, MOST_FEATURES as f64));
            let rows = stack.position_rows().unwrap_or(0) as f64;
            if matches!(stack.embedding.positions, PositionEmbedding::StoredSinusoidal(_)) {
                found.push(("elements of the position table", rows * width as f64, MOST_COMPUTED));
            }
            let rows = rows + self.vocab_size as f64 + stack.embedding.n_types as f64;
            let rows = rows + stack.embedding.n_tasks as f64;
            parameters += rows * stack.embedding.d_embedding as f64;
            parameters += stack.layers.iter().map(BlockConfig::weights).sum::<f64>();
            for layer in &stack.layers {
                let HeadDims { n_heads, n_kv_heads, .. } = layer.attention.heads;
                let heads = n_heads.saturating_add(n_kv_heads);
                let norms = match layer.attention.qk_norm {
                    QkNorm::PerHead(..) => heads,
                    _ => 0,
                };
                let layers = layer.feed_forward.n_experts().saturating_add(norms);
                parts = parts.saturating_add(layers);
            }
            found.push(("layers", stack.depth() as f64, MOST_PARTS as f64));
        }
        for stack in &self.recurrent {
            let widest = stack.d_model.max(stack.d_input);
            found.push(("features of a layer", widest as f64, MOST_FEATURES as f64));
            parameters += stack.layers().map(|layer| layer.weights()).sum::<f64>();
            parts = parts.saturating_add(stack.n_layers);
        }
        if let Some(stack) = self.recurrent.first() {
            parameters += self.vocab_size as f64 * stack.d_input as f64;
        }
        found.push(("layers and experts", parts as f64, MOST_PARTS as f64));
        found.push(("parameters", parameters, MOST_PARAMETERS));
        let excess = found.into_iter().find(|(_, asked, most)| asked > most);
        excess.map(|(what, asked, most)| Excess { what, asked, most })
    }

    /// Features of the final hidden states.
    fn d_model(&self) -> usize {
        let recurrent = self.recurrent.last().map(|stack| stack.d_model);
        self.stacks.last().map(|stack| stack.d_model).or(recurrent).unwrap_or(0)
    }

    /// Parameters of the embedding tables; a tied output projection adds none.
    pub fn embedding_parameters(&self) -> usize {
        let recurrent = self.recurrent.first().map(|stack| stack.d_input);
        let width = self.stacks.first().map(|stack| stack.embedding.d_embedding).or(recurrent);
        let added = self.stacks.iter().map(|stack| {
            let EmbeddingConfig { n_types, n_tasks, .. } = stack.embedding;
            let rows = stack.position_rows().unwrap_or(0) + n_types + n_tasks;
            rows * stack.embedding.d_embedding
        });
        self.vocab_size * width.unwrap_or(0) + added.sum::<usize>()
    }

    /// Floating-point operations per token of a forward pass over `length` tokens: two for every
    /// multiply-add of the matrix products. Causal attention counts half of the score matrix.
    /// A training step takes three times as many operations.
    ///
    /// For an encoder-decoder: per target token, together with one source token.
    ///
    /// Reference: Kaplan et al. 2020, §2.1, <https://arxiv.org/abs/2001.08361>
    pub fn flops_per_token(&self, length: usize) -> usize {
        let blocks = self
            .stacks
            .iter()
            .map(|stack| stack.run().map(|layer| layer.macs_per_token(length)).sum::<usize>());
        let recurrent = self.recurrent.iter().flat_map(|stack| stack.layers());
        let recurrent = recurrent.map(|layer| layer.macs_per_token()).sum::<usize>();
        let attending = self.attending.map_or(0, |config| config.attending_macs(length));
        let layers = blocks.sum::<usize>() + recurrent + attending;
        2 * (layers + self.d_model() * self.vocab_size)
    }

    /// Floating-point operations of a forward pass over one sequence, with logits at only some of
    /// the positions: two for every multiply-add of the matrix products, attention included. A
    /// training step takes three times as many.
    pub fn flops_of(&self, sequence: Sequence) -> f64 {
        let Sequence { source, text, scores } = sequence;
        // If there are two stacks, the first one is the encoder.
        let lengths = match self.stacks.len() + self.recurrent.len() {
            2.. => [source, text],
            _ => [text, 0],
        };
        let blocks = self.stacks.iter().zip(lengths).map(|(stack, length)| {
            let layers = stack.run().map(|layer| layer.macs_per_token(length));
            (layers.sum::<usize>() * length) as f64
        });
        let recurrent = self.recurrent.iter().zip(lengths).map(|(stack, length)| {
            (stack.layers().map(|layer| layer.macs_per_token()).sum::<usize>() * length) as f64
        });
        let attending = self.attending.map_or(0, |config| config.attending_macs(source) * text);
        let layers = blocks.sum::<f64>() + recurrent.sum::<f64>() + attending as f64;
        2.0 * (layers + self.d_model() as f64 * scores)
    }

    /// Expected memory of a training step in f32 over `batch` sequences of `length` tokens, for a
    /// model with `parameters` parameters.
    pub fn training_memory(
        &self,
        parameters: usize,
        [batch, length]: [usize; 2],
    ) -> TrainingMemory {
        let layers = self.stacks.iter().map(|stack| {
            stack.run().map(|layer| layer.activations_per_token(length)).sum::<usize>()
        });
        let recurrent = self.recurrent.iter().flat_map(|stack| stack.layers());
        let recurrent = recurrent.map(|layer| layer.activations_per_token()).sum::<usize>();
        let attending = self.attending.map_or(0, |config| config.attending_activations(length));
        let layers = layers.sum::<usize>() + recurrent + attending;
        // The logits, their log-softmax and its gradient.
        let head = 3 * self.vocab_size + 4 * self.d_model();
        TrainingMemory {
            weights: parameters * F32,
            gradients: parameters * F32,
            optimizer: 2 * parameters * F32,
            activations: batch * length * (layers + head) * F32,
        }
    }
}
