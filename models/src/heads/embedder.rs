//! One vector for a text, to be compared with those of others.

use burn::module::Module;
use burn::tensor::Tensor;

use super::backbone::Backbone;
use super::pooling::Pooling;
use crate::arch::{Input, Tokens};

/// A skeleton whose hidden states are pooled.
///
/// Reference: Reimers and Gurevych 2019, §3, <https://arxiv.org/abs/1908.10084>
#[derive(Module, Debug)]
pub struct Embedder {
    /// The skeleton.
    pub model: Backbone,
    #[module(skip)]
    form: EmbedderConfig,
}

/// Form of an embedder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbedderConfig {
    /// Which hidden states stand for the text.
    pub pooling: Pooling,
    /// How long the vectors are.
    pub length: Length,
}

/// How long a vector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// As it comes.
    Free,
    /// 1, so that a dot product is the cosine.
    Unit,
}

impl Embedder {
    /// An embedder of a model that is loaded already.
    pub fn new(model: Backbone, form: EmbedderConfig) -> Self {
        Self { model, form }
    }

    /// The form of the vectors.
    pub fn form(&self) -> EmbedderConfig {
        self.form
    }

    /// The same model with vectors of another form.
    pub fn with_form(self, form: EmbedderConfig) -> Self {
        Self { form, ..self }
    }

    /// The vectors of texts.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, d_model]`
    pub fn forward(&self, tokens: &Tokens) -> Tensor<2> {
        let hidden = self.model.forward(&Input::Tokens(tokens.clone()));
        let vectors = self.form.pooling.pool(hidden, &tokens.padding);
        match self.form.length {
            Length::Free => vectors,
            // The bound is that of the reference: a vector of zeros stays one.
            Length::Unit => {
                let square = vectors.clone() * vectors.clone();
                let norm = square.sum_dim(1).sqrt().clamp_min(1e-12);
                vectors / norm
            }
        }
    }
}
