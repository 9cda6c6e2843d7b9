//! No head at all: hidden states.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use crate::arch::{Decoder, DecoderConfig};
use crate::layers::mask::Padding;

/// A skeleton whose hidden states are the result.
#[derive(Module, Debug)]
pub struct Backbone {
    /// The skeleton.
    pub decoder: Decoder,
}

impl Backbone {
    /// A model of zeros, to be initialized or loaded.
    pub fn new(config: &DecoderConfig, device: &Device) -> Self {
        Self { decoder: config.init(device) }
    }

    /// The final hidden states; see [`Decoder::forward`].
    ///
    /// # Shapes
    ///
    /// - `tokens`: `[batch, seq]`
    /// - result: `[batch, seq, d_model]`
    pub fn forward(&self, tokens: Tensor<2, Int>, padding: &Padding) -> Tensor<3> {
        self.decoder.forward(tokens, padding)
    }
}
