//! Additive attention: scores by a network with one hidden layer, for recurrent decoders.

use burn::module::Module;
use burn::tensor::{Bool, Device, Tensor, activation};

use super::linear::{Bias, Linear};

/// The mean of the encoder states, weighted by their scores for a decoder state.
///
/// ```text
/// e_j = v · tanh(W s + U h_j);  context = Σ softmax(e)_j h_j
/// ```
///
/// Reference: Bahdanau et al. 2015, §3.1 and §A.1.2, <https://arxiv.org/abs/1409.0473>
#[derive(Module, Debug)]
pub struct AdditiveAttention {
    /// W
    query: Linear,
    /// U
    key: Linear,
    /// v
    score: Linear,
}

/// The encoder states, and their keys, computed once for a source.
#[derive(Debug)]
pub struct EncoderKeys {
    /// `[batch, encoder_seq, d_model]`
    pub keys: Tensor<3>,
    /// `[batch, encoder_seq, d_encoder]`
    pub hidden_states: Tensor<3>,
    /// Which positions are padding, `[batch, encoder_seq, 1]`; `None` where none is.
    pub masked: Option<Tensor<3, Bool>>,
}

impl AdditiveAttention {
    /// Creates a layer of zeros, to be initialized or loaded, for decoder states of `d_model`
    /// features.
    pub fn new(d_model: usize, d_encoder: usize, device: &Device) -> Self {
        Self {
            query: Linear::new(d_model, d_model, Bias::Absent, device),
            key: Linear::new(d_encoder, d_model, Bias::Present, device),
            score: Linear::new(d_model, 1, Bias::Absent, device),
        }
    }

    /// The keys of encoder states.
    ///
    /// # Shapes
    ///
    /// - `states`: `[batch, encoder_seq, d_encoder]`
    /// - result: `[batch, encoder_seq, d_model]`
    pub fn keys(&self, states: Tensor<3>) -> Tensor<3> {
        self.key.forward(states)
    }

    /// The context vector of a decoder state.
    ///
    /// # Shapes
    ///
    /// - `state`: `[batch, d_model]`
    /// - result: `[batch, d_encoder]`
    pub fn forward(&self, state: Tensor<2>, encoder: &EncoderKeys) -> Tensor<2> {
        let query = self.query.forward(state).unsqueeze_dim::<3>(1);
        let scores = self.score.forward((encoder.keys.clone() + query).tanh());
        let scores = match &encoder.masked {
            // Finite: a row of padding only gives finite values, which are not used.
            Some(masked) => scores.mask_fill(masked.clone(), f32::MIN),
            None => scores,
        };
        let weights = activation::softmax(scores, 1).swap_dims(1, 2);
        weights.matmul(encoder.hidden_states.clone()).squeeze_dim(1)
    }
}
