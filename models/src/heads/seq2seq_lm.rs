//! Sequence-to-sequence language modeling: next-token logits, conditioned on a source text.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::lm_head::LmHead;
use crate::backbones::{
    Backbone, BackboneConfig, Encoded, Generation, Inputs, TokenSource, UnsupportedBackbone,
};
use crate::layers::cache::Cache;

/// An encoder-decoder backbone with an output projection over the vocabulary.
#[derive(Module, Debug)]
pub struct Seq2SeqLm {
    /// The backbone.
    pub backbone: Backbone,
    head: LmHead,
    #[module(skip)]
    start: u32,
}

impl Seq2SeqLm {
    /// Creates a model of zeros, to be initialized or loaded.
    ///
    /// # Errors
    ///
    /// The backbone does not generate a text from another.
    pub fn new(config: &BackboneConfig, device: &Device) -> Result<Self, UnsupportedBackbone> {
        match (config.capabilities().generation, config.logits(), config.start()) {
            (Some(Generation::FromSource), Some(logits), Some(start)) => Ok(Self {
                backbone: config.init(device),
                head: LmHead::new(config, logits, device),
                start,
            }),
            _ => Err(UnsupportedBackbone {
                head: "sequence-to-sequence language modeling",
                needed: "an encoder-decoder",
                found: config.kind(),
            }),
        }
    }

    /// The decoder's start token, before the first token of the text.
    pub fn start(&self) -> u32 {
        self.start
    }

    /// The device that the weights are on.
    pub fn device(&self) -> Device {
        self.backbone.device()
    }

    /// The next-token logits at every position of the decoder's texts, conditioned on the encoder's.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, vocab_size]`
    ///
    /// # Panics
    ///
    /// Panics if one of them is missing.
    pub fn forward(&self, inputs: &Inputs) -> Tensor<3> {
        let encoded = self.backbone.encode(inputs.expect_tokens());
        self.logits(self.backbone.decode(inputs.expect_decoder(), &encoded))
    }

    /// The next-token logits after each of the new tokens; see [`Backbone::decode_step`].
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]` ids, or vectors `[batch, new, d_embedding]`
    /// - result: `[batch, new, vocab_size]`
    pub fn step(
        &self,
        tokens: impl Into<TokenSource>,
        encoded: &Encoded,
        cache: &mut Cache,
    ) -> Tensor<3> {
        self.logits(self.backbone.decode_step(tokens, encoded, cache))
    }

    /// Creates an empty cache with room for `reserve` tokens; it grows beyond them.
    pub fn cache(&self, reserve: usize) -> Cache {
        self.backbone.cache(reserve)
    }

    /// The logits of the decoder's hidden states.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, seq, vocab_size]`
    pub fn logits(&self, hidden: Tensor<3>) -> Tensor<3> {
        self.head.forward(hidden, &self.backbone)
    }
}
