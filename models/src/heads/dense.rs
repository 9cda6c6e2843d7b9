//! A dense layer between the hidden states and the embedding of a text.

use burn::module::Module;
use burn::tensor::{Tensor, activation};

use super::steps::Level;
use crate::layers::activation::Activation;
use crate::layers::linear::Linear;

/// A projection with a non-linearity.
#[derive(Module, Debug)]
pub struct Dense {
    /// The projection.
    pub linear: Linear,
    /// The non-linearity after the projection.
    #[module(skip)]
    pub function: DenseFunction,
    /// The residual connection, if there is one.
    pub residual: Option<Residual>,
    /// Whether it applies to token or text embeddings.
    #[module(skip)]
    pub level: Level,
}

/// The non-linearity of a dense layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenseFunction {
    /// `x`
    Identity,
    /// `σ(x)`
    Sigmoid,
    /// Another activation function.
    Activation(Activation),
}

/// A residual connection around a dense layer.
#[derive(Module, Debug)]
pub struct Residual {
    /// The projection of the input, where the output has another width.
    pub projection: Option<Linear>,
}

impl Dense {
    /// `f(x W + b)`, plus `x` or `x V` if there is a residual connection.
    ///
    /// # Shapes
    ///
    /// - `x`: `[.., d_input]`
    /// - result: `[.., d_output]`
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let projected = self.linear.forward(x.clone());
        let result = match self.function {
            DenseFunction::Identity => projected,
            DenseFunction::Sigmoid => activation::sigmoid(projected),
            DenseFunction::Activation(function) => function.forward(projected),
        };
        match &self.residual {
            None => result,
            Some(Residual { projection: None }) => result + x,
            Some(Residual { projection: Some(projection) }) => result + projection.forward(x),
        }
    }
}
