//! A dense layer between hidden states and the vector of a text.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Tensor, activation};

use super::steps::Level;
use crate::layers::activation::Activation;
use crate::layers::linear::project;

/// A projection with a non-linearity.
#[derive(Module, Debug)]
pub struct Dense {
    /// The projection.
    pub linear: Linear,
    /// What is applied to its result.
    #[module(skip)]
    pub function: DenseFunction,
    /// What is added to that; nothing where `None`.
    pub residual: Option<Residual>,
    /// The vectors that it changes.
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
    /// Another one.
    Activation(Activation),
}

/// What is added to the result of a dense layer.
#[derive(Module, Debug)]
pub struct Residual {
    /// The input is projected, where the result has another width.
    pub projection: Option<Linear>,
}

impl Dense {
    /// `f(x W + b)`, plus `x` or `x V` where there is a residual
    ///
    /// # Shapes
    ///
    /// - `x`: `[.., d_input]`
    /// - result: `[.., d_output]`
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let projected = project(&self.linear, x.clone());
        let result = match self.function {
            DenseFunction::Identity => projected,
            DenseFunction::Sigmoid => activation::sigmoid(projected),
            DenseFunction::Activation(function) => function.forward(projected),
        };
        match &self.residual {
            None => result,
            Some(Residual { projection: None }) => result + x,
            Some(Residual { projection: Some(projection) }) => result + project(projection, x),
        }
    }
}
