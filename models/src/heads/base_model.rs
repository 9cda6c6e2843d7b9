//! The backbone without a head: hidden states.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::pooling::Pooling;
use super::prediction_head::{PredictionHead, PredictionHeadConfig};
use crate::backbones::{Backbone, BackboneConfig, Inputs};
use crate::layers::mask::Padding;

/// How the first hidden state is pooled to represent the whole input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pooler {
    /// No pooler.
    Absent,
    /// The first hidden state, unchanged: DINOv2.
    First,
    /// A dense layer and a non-linearity on the first hidden state: BERT, ViT.
    Dense(PredictionHeadConfig),
}

/// A backbone without a head.
#[derive(Module, Debug)]
pub struct BaseModel {
    /// The backbone.
    pub backbone: Backbone,
    pooler: Option<PredictionHead>,
    #[module(skip)]
    form: Pooler,
}

impl BaseModel {
    /// Creates a model of zeros, to be initialized or loaded.
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
    pub fn forward(&self, inputs: &Inputs) -> Tensor<3> {
        self.backbone.forward(inputs)
    }

    /// The pooler's output, in families that have one.
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
