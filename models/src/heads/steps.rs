//! The steps from hidden states to the vector of a text.

use burn::module::Module;
use burn::tensor::Tensor;

use super::pooling::Pooling;
use crate::layers::mask::Padding;

/// The vectors that a step changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A vector for each token.
    Tokens,
    /// The vector of the text.
    Text,
}

/// A weighted mean of the hidden states of several layers.
#[derive(Module, Debug)]
pub struct LayerMean {
    /// The first of these states; 0 are the embeddings.
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
    /// Panics if there are other states than weights.
    pub fn forward(&self, states: &[Tensor<3>]) -> Tensor<3> {
        let states = &states[self.start..];
        assert_eq!(states.len(), self.weights.len(), "there is a weight for each state");
        let weighted = states.iter().zip(&self.weights).map(|(x, weight)| x.clone() * *weight);
        let sum = weighted.reduce(|sum, x| sum + x);
        sum.unwrap_or_else(|| unreachable!("a mean has states")) / self.weights.iter().sum::<f32>()
    }
}

/// Whether the tokens of a prompt are pooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptPooling {
    /// As those of the text.
    Pooled,
    /// They are not.
    LeftOut,
}

/// From the tokens' vectors to that of the text, in one way or in several beside each other.
#[derive(Module, Debug)]
pub struct Pool {
    /// The ways, in the order of their features.
    #[module(skip)]
    pub ways: Vec<Pooling>,
    /// Whether the tokens of a prompt are pooled.
    #[module(skip)]
    pub prompt: PromptPooling,
}

impl Pool {
    /// The vectors of texts; `prompts` has the length of each text's prompt in tokens.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, ways · d_model]`
    pub fn forward(&self, hidden: &Tensor<3>, padding: &Padding, prompts: &[usize]) -> Tensor<2> {
        let skipped = if self.prompt == PromptPooling::LeftOut { prompts } else { &[] };
        let pool = |way: &Pooling| way.pool_after(skipped, hidden.clone(), padding);
        Tensor::cat(self.ways.iter().map(pool).collect(), 1)
    }
}

/// Vectors that become 1 long, so that a dot product is the cosine.
#[derive(Module, Debug)]
pub struct Unit {
    /// The vectors that it changes.
    #[module(skip)]
    pub level: Level,
}

impl Unit {
    /// `x / |x|`. A vector of zeros stays one; the bound is that of the reference.
    ///
    /// # Shapes
    ///
    /// - `x` and the result: `[.., features]`
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let norm = (x.clone() * x.clone()).sum_dim(D - 1).sqrt().clamp_min(1e-12);
        x / norm
    }
}

/// The first features of a vector.
#[derive(Module, Debug)]
pub struct Cut {
    /// Their number.
    pub width: usize,
}

impl Cut {
    /// The first features of each vector, or all where there are no more.
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
