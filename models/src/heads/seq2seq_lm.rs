//! Sequence-to-sequence language modeling: next-token logits, conditioned on a source text.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Int, Tensor};

use crate::backbones::{
    Encoded, OutputBias, OutputWeights, Seq2SeqBackbone, Seq2SeqConfig, Tokens,
};
use crate::layers::cache::Cache;
use crate::layers::linear::{Bias, Linear};
use crate::parameters::Buffer;
use crate::precision::to_f32;

/// An encoder-decoder backbone with an output projection over the vocabulary.
#[derive(Module, Debug)]
pub struct Seq2SeqLm {
    /// The backbone.
    pub backbone: Seq2SeqBackbone,
    /// The output projection; `None` where it is tied to the token embeddings.
    lm_head: Option<Linear>,
    output: Option<ConstantBias>,
}

/// A bias that is not trained.
#[derive(Module, Debug)]
pub struct ConstantBias {
    /// `[1, vocab_size]`
    pub final_logits_bias: Buffer<Param<Tensor<2>>>,
}

impl Seq2SeqLm {
    /// Creates a model of zeros, to be initialized or loaded.
    pub fn new(config: impl Into<Seq2SeqConfig>, device: &Device) -> Self {
        let config = config.into();
        let projection =
            |bias| Some(Linear::new(config.d_model(), config.vocab_size(), bias, device));
        let constant = || {
            let zeros = Initializer::Zeros.init([1, config.vocab_size()], device);
            ConstantBias { final_logits_bias: Buffer::new(zeros) }
        };
        Self {
            backbone: config.init(device),
            lm_head: match config.output() {
                OutputWeights::Tied | OutputWeights::TiedUnlessGiven => None,
                OutputWeights::Separate | OutputWeights::SeparateIfGiven => {
                    projection(Bias::Absent)
                }
                OutputWeights::SeparateWithBias => projection(Bias::Present),
            },
            output: (config.output_bias() == OutputBias::Constant).then(constant),
        }
    }

    /// The device that the weights are on.
    pub fn device(&self) -> Device {
        self.backbone.token_embedding().weight.lazy_device()
    }

    /// The next-token logits at every position of `text`, conditioned on `source`.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, vocab_size]`
    pub fn forward(&self, source: &Tokens, text: &Tokens) -> Tensor<3> {
        self.logits(self.backbone.decode(text, &self.backbone.encode(source)))
    }

    /// The next-token logits after each of the new tokens; see [`Seq2SeqBackbone::step`].
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, new]`
    /// - result: `[batch, new, vocab_size]`
    pub fn step(&self, tokens: Tensor<2, Int>, encoded: &Encoded, cache: &mut Cache) -> Tensor<3> {
        self.logits(self.backbone.step(tokens, encoded, cache))
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
        let scale = self.backbone.output_scale();
        let hidden = if scale == 1.0 { hidden } else { hidden * scale };
        let scores = match &self.lm_head {
            Some(lm_head) => lm_head.forward(hidden),
            None => self.backbone.token_embedding().scores(hidden),
        };
        match &self.output {
            Some(bias) => scores + to_f32(bias.final_logits_bias.val()).unsqueeze(),
            None => scores,
        }
    }
}
