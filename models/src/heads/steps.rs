//! The steps from hidden states to a text embedding.

use burn::module::Module;
use burn::tensor::Tensor;

use super::pooling::Pooling;
use crate::layers::mask::Padding;

/// The embeddings that a step applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The embedding of each token.
    Tokens,
    /// The embedding of the text.
    Text,
}

/// A weighted mean of the hidden states of several layers.
#[derive(Module, Debug)]
pub struct LayerMean {
    /// The index of the first of these states; 0 is the embedding layer.
    #[module(skip)]
    pub start: usize,
    /// The weight of each state.
    #[module(skip)]
    pub weights: Vec<f32>,
}

impl LayerMean {
    /// `Σ w_i h_i / Σ w_i`
    ///
    /// # Shapes
    ///
    /// - `states` and the result: `[batch, seq, d_model]`
    ///
    /// # Panics
    ///
    /// Panics if the number of states is not the number of weights.
    pub fn forward(&self, states: &[Tensor<3>]) -> Tensor<3> {
        let states = &states[self.start..];
        assert_eq!(states.len(), self.weights.len(), "each hidden state needs a weight");
        let weighted = states.iter().zip(&self.weights).map(|(x, weight)| x.clone() * *weight);
        let sum = weighted.reduce(|sum, x| sum + x);
        sum.unwrap_or_else(|| unreachable!("a mean has states")) / self.weights.iter().sum::<f32>()
    }
}

/// Whether prompt tokens are pooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptPooling {
    /// They are pooled like the tokens of the text.
    Pooled,
    /// They are excluded.
    LeftOut,
}

/// Pooling of token embeddings to the text embedding, by one method or several concatenated ones.
#[derive(Module, Debug)]
pub struct Pool {
    /// The methods, in the order of their features.
    #[module(skip)]
    pub ways: Vec<Pooling>,
    /// Whether prompt tokens are pooled.
    #[module(skip)]
    pub prompt: PromptPooling,
}

impl Pool {
    /// The text embeddings; `prompts` has the number of prompt tokens of each text.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, methods · d_model]`
    pub fn forward(&self, hidden: &Tensor<3>, padding: &Padding, prompts: &[usize]) -> Tensor<2> {
        let skipped = if self.prompt == PromptPooling::LeftOut { prompts } else { &[] };
        let pool = |way: &Pooling| way.pool_after(skipped, hidden.clone(), padding);
        Tensor::cat(self.ways.iter().map(pool).collect(), 1)
    }
}

/// Normalization to unit length, so that a dot product is the cosine similarity.
#[derive(Module, Debug)]
pub struct Unit {
    /// The embeddings that it applies to.
    #[module(skip)]
    pub level: Level,
}

impl Unit {
    /// `x / |x|`. A vector of zeros stays zero; the lower bound of `|x|` is that of the reference.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[.., features]`
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let norm = (x.clone() * x.clone()).sum_dim(D - 1).sqrt().clamp_min(1e-12);
        x / norm
    }
}

/// Truncation of an embedding to its first features.
#[derive(Module, Debug)]
pub struct Cut {
    /// The number of features.
    pub width: usize,
}

impl Cut {
    /// The first features of each vector, or all of them if there are fewer.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, features]`
    /// - result: `[batch, width]`
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let width = self.width.min(x.dims()[1]);
        x.slice_dim(1, 0..width)
    }
}
