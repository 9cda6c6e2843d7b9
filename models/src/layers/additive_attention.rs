//! Attention by a network of one hidden layer: what a recurrent decoder reads of another text.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Bool, Device, Tensor, activation};

use super::linear::{Bias, linear, project};

/// The mean of an encoder's states, weighted by how well each fits a state.
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

/// An encoder's states, and the keys made of them once for a text.
#[derive(Debug)]
pub struct EncoderKeys {
    /// `[batch, encoder_seq, d_model]`
    pub keys: Tensor<3>,
    /// `[batch, encoder_seq, d_encoder]`
    pub hidden_states: Tensor<3>,
    /// Which of it is padding, `[batch, encoder_seq, 1]`; `None` where nothing is.
    pub masked: Option<Tensor<3, Bool>>,
}

impl AdditiveAttention {
    /// A layer of zeros, to be initialized or loaded, for states of `d_model` features.
    pub fn new([d_model, d_encoder]: [usize; 2], device: &Device) -> Self {
        Self {
            query: linear(d_model, d_model, Bias::Absent, device),
            key: linear(d_encoder, d_model, Bias::Present, device),
            score: linear(d_model, 1, Bias::Absent, device),
        }
    }

    /// What states are compared with.
    ///
    /// # Shapes
    ///
    /// - `states`: `[batch, encoder_seq, d_encoder]`
    /// - result: `[batch, encoder_seq, d_model]`
    pub fn keys(&self, states: Tensor<3>) -> Tensor<3> {
        project(&self.key, states)
    }

    /// The context of a state.
    ///
    /// # Shapes
    ///
    /// - `state`: `[batch, d_model]`
    /// - result: `[batch, d_encoder]`
    pub fn forward(&self, state: Tensor<2>, encoder: &EncoderKeys) -> Tensor<2> {
        let query = project(&self.query, state).unsqueeze_dim::<3>(1);
        let scores = project(&self.score, (encoder.keys.clone() + query).tanh());
        let scores = match &encoder.masked {
            // A row of nothing but padding gets numbers too, which nobody reads.
            Some(masked) => scores.mask_fill(masked.clone(), f32::MIN),
            None => scores,
        };
        let weights = activation::softmax(scores, 1).swap_dims(1, 2);
        weights.matmul(encoder.hidden_states.clone()).squeeze_dim(1)
    }
}
