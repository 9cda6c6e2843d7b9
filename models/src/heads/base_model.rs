//! No head at all: hidden states.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::pooling::Pooling;
use super::prediction_head::{PredictionHead, PredictionHeadConfig};
use crate::arch::{Backbone, BackboneConfig, Input};
use crate::layers::mask::Padding;

/// What is made of the first hidden state, to stand for the whole input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pooler {
    /// Nothing.
    Absent,
    /// It is taken as it is: DINOv2.
    First,
    /// Through a dense layer and a non-linearity: BERT, ViT.
    Dense(PredictionHeadConfig),
}

/// A backbone whose hidden states are the result.
#[derive(Module, Debug)]
pub struct BaseModel {
    /// The backbone.
    pub backbone: Backbone,
    pooler: Option<PredictionHead>,
    #[module(skip)]
    form: Pooler,
}

impl BaseModel {
    /// A model of zeros, to be initialized or loaded.
    pub fn new(backbone: &BackboneConfig, form: Pooler, device: &Device) -> Self {
        let pooler = match form {
            Pooler::Absent | Pooler::First => None,
            Pooler::Dense(transform) => Some(transform.init(device)),
        };
        Self { backbone: backbone.init(device), pooler, form }
    }

    /// The final hidden states.
    ///
    /// # Shapes
    ///
    /// - result: `[batch, seq, d_model]`
    pub fn forward(&self, input: &Input) -> Tensor<3> {
        self.backbone.forward(input)
    }

    /// What the pooler makes of the first hidden state, in families that have one.
    ///
    /// # Shapes
    ///
    /// - `hidden`: `[batch, seq, d_model]`
    /// - result: `[batch, d_model]`
    pub fn pooled(&self, hidden: Tensor<3>) -> Option<Tensor<2>> {
        let first = Pooling::First.pool(hidden, &Padding::none());
        match (self.form, &self.pooler) {
            (Pooler::First, _) => Some(first),
            (_, Some(pooler)) => Some(pooler.forward(first)),
            (_, None) => None,
        }
    }
}
