//! Supervised learning on images.

use burn::tensor::{Device, Tensor, TensorData};
use zoo_models::backbones::Inputs;
use zoo_models::checkpoint::Model;
use zoo_models::generate::GenerateError;
use zoo_models::heads::cross_entropy::{Targets, cross_entropy_sum};

use crate::class_scores::best_classes;
use crate::class_weights::ClassObjective;
use crate::objective::{BatchLoss, BatchSize, Objective};
use crate::prediction::Prediction;

/// Learning the label of each image: cross-entropy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupervisedImages {
    /// Channels, height and width of an image.
    pub shape: [usize; 3],
    /// The vectors that the model makes of an image.
    pub tokens: usize,
    /// The number of labels.
    pub n_labels: usize,
}

/// An image as model input, with its label.
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedImage {
    /// The values, channel by channel and row by row.
    pub pixels: Vec<f32>,
    /// The label.
    pub label: u32,
}

/// Images with their labels.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageBatch {
    /// The values of all images, `[rows, channels, height, width]`.
    pub pixels: Vec<f32>,
    /// The label of each image.
    pub labels: Vec<u32>,
}

impl SupervisedImages {
    fn inputs(&self, batch: &ImageBatch, device: &Device) -> Inputs {
        let [channels, height, width] = self.shape;
        let shape = [batch.labels.len(), channels, height, width];
        Inputs::images(Tensor::from_data(TensorData::new(batch.pixels.clone(), shape), device))
    }
}

impl Objective for SupervisedImages {
    type Example = PreparedImage;
    type Batch = ImageBatch;

    fn batch(&self, examples: &[PreparedImage]) -> ImageBatch {
        ImageBatch {
            pixels: examples.iter().flat_map(|image| image.pixels.iter().copied()).collect(),
            labels: examples.iter().map(|image| image.label).collect(),
        }
    }

    fn size(&self, batch: &ImageBatch) -> BatchSize {
        BatchSize { tokens: batch.labels.len() * self.tokens, targets: batch.labels.len() }
    }

    fn loss(&self, model: &Model, batch: &ImageBatch) -> BatchLoss {
        let labels: Vec<i64> = batch.labels.iter().map(|label| i64::from(*label)).collect();
        let sum = cross_entropy_sum(self.scores(model, batch), &Targets::new(&labels));
        BatchLoss { sum, targets: labels.len() }
    }

    fn predict(
        &self,
        model: &Model,
        examples: &[PreparedImage],
    ) -> Result<Vec<Prediction>, GenerateError> {
        let scores = self.scores(model, &self.batch(examples));
        let labels = best_classes(scores, 0..self.n_labels)?;
        Ok(labels.into_iter().map(|label| Prediction::Labels(vec![label])).collect())
    }
}

impl ClassObjective for SupervisedImages {
    fn scores(&self, model: &Model, batch: &ImageBatch) -> Tensor<2> {
        model.scores(&self.inputs(batch, &model.backbone().device()))
    }

    fn classes(&self, batch: &ImageBatch) -> Vec<u32> {
        batch.labels.clone()
    }
}
