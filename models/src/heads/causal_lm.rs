//! Causal language modeling: next-token logits at every position.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::lm_head::LmHead;
use crate::backbones::{
    Backbone, BackboneConfig, Generation, Inputs, TokenSource, UnsupportedBackbone, initialize,
};
use crate::layers::cache::Cache;

/// A causal backbone with an output projection over the vocabulary.
#[derive(Module, Debug)]
pub struct CausalLm {
    /// The backbone.
    pub backbone: Backbone,
    head: LmHead,
}

impl CausalLm {
    /// Creates a model of zeros, to be initialized or loaded.
    ///
    /// # Errors
    ///
    /// The backbone does not continue texts.
    pub fn new(config: &BackboneConfig, device: &Device) -> Result<Self, UnsupportedBackbone> {
        match (config.capabilities().generation, config.logits()) {
            (Some(Generation::Causal), Some(logits)) => Ok(Self {
                backbone: config.init(device),
                head: LmHead::new(config, logits, device),
            }),
            _ => Err(UnsupportedBackbone {
                head: "causal language modeling",
                needed: "a causal decoder",
                found: config.kind(),
            }),
        }
    }

    /// Initializes the weights from `seed`; see [`initialize`].
    pub fn initialized(self, seed: u64) -> Self {
        let how = self.backbone.initialization();
        initialize(self, how, seed)
    }

    /// The size of the vocabulary: token ids are below it.
    pub fn vocab_size(&self) -> usize {
        self.backbone.vocab_size()
    }

    /// The device that the weights are on.
    pub fn device(&self) -> Device {
        self.backbone.device()
    }

    /// The next-token logits at every position of whole sequences.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, vocab_size]`
    pub fn forward(&self, inputs: &Inputs) -> Tensor<3> {
        self.logits(self.backbone.forward(inputs))
    }

    /// The next-token logits after each of the new tokens; see [`Backbone::step`].
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]` ids, or vectors `[batch, new, d_embedding]`
    /// - result: `[batch, new, vocab_size]`
    pub fn step(&self, tokens: impl Into<TokenSource>, cache: &mut Cache) -> Tensor<3> {
        self.logits(self.backbone.step(tokens, cache))
    }

    /// The next-token logits after the last of the new tokens only, which saves the output
    /// projection for the rest of a prompt.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]` ids, or vectors `[batch, new, d_embedding]`
    /// - result: `[batch, vocab_size]`
    pub fn step_last(&self, tokens: impl Into<TokenSource>, cache: &mut Cache) -> Tensor<2> {
        let hidden = self.backbone.step(tokens, cache);
        let [_, new, _] = hidden.dims();
        self.logits(hidden.slice_dim(1, new - 1..new)).squeeze_dim(1)
    }

    /// Creates an empty cache with room for `reserve` tokens; it grows beyond them.
    pub fn cache(&self, reserve: usize) -> Cache {
        self.backbone.cache(reserve)
    }

    /// The logits of hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, seq, vocab_size]`
    pub fn logits(&self, hidden: Tensor<3>) -> Tensor<3> {
        self.head.forward(hidden, &self.backbone)
    }
}
