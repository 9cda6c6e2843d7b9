//! Causal language modeling: next-token logits at every position.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use crate::backbones::{CausalBackbone, CausalConfig, OutputWeights, Tokens, initialize};
use crate::layers::cache::Cache;
use crate::layers::linear::{Bias, Linear};

/// A causal backbone with an output projection over the vocabulary.
#[derive(Module, Debug)]
pub struct CausalLm {
    /// The backbone.
    pub backbone: CausalBackbone,
    /// The output projection; `None` where it is tied to the token embeddings.
    lm_head: Option<Linear>,
}

impl CausalLm {
    /// Creates a model of zeros, to be initialized or loaded.
    pub fn new(config: impl Into<CausalConfig>, device: &Device) -> Self {
        let config = config.into();
        let projection =
            |bias| Some(Linear::new(config.d_output(), config.vocab_size(), bias, device));
        let lm_head = match config.output() {
            OutputWeights::Tied | OutputWeights::TiedUnlessGiven => None,
            OutputWeights::Separate | OutputWeights::SeparateIfGiven => projection(Bias::Absent),
            OutputWeights::SeparateWithBias => projection(Bias::Present),
        };
        Self { backbone: config.init(device), lm_head }
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
        self.backbone.token_embedding().weight.lazy_device()
    }

    /// The next-token logits at every position of whole sequences.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, vocab_size]`
    pub fn forward(&self, tokens: &Tokens) -> Tensor<3> {
        self.logits(self.backbone.forward(tokens))
    }

    /// The next-token logits after each of the new tokens; see [`CausalBackbone::step`].
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]`
    /// - result: `[batch, new, vocab_size]`
    pub fn step(&self, tokens: Tensor<2, Int>, cache: &mut Cache) -> Tensor<3> {
        self.logits(self.backbone.step(tokens, cache))
    }

    /// The next-token logits after the last of the new tokens only, which saves the output
    /// projection for the rest of a prompt.
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]`
    /// - result: `[batch, vocab_size]`
    pub fn step_last(&self, tokens: Tensor<2, Int>, cache: &mut Cache) -> Tensor<2> {
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
        let logits = match &self.lm_head {
            Some(lm_head) => lm_head.forward(hidden),
            None => self.backbone.token_embedding().scores(hidden),
        };
        match self.backbone.logit_softcap() {
            Some(limit) => (logits / limit).tanh() * limit,
            None => logits,
        }
    }
}
