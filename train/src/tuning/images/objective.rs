//! Supervised learning on images.

use burn::tensor::{Device, Tensor, TensorData};
use zoo_models::backbones::Inputs;
use zoo_models::checkpoint::Model;
use zoo_models::generate::GenerateError;

use crate::class_scores::best_classes;
use crate::class_weights::ClassObjective;
use crate::label_smoothing::smoothed_cross_entropy_sum;
use crate::objective::{BatchLoss, BatchSize, Objective};
use crate::prediction::Prediction;
use crate::tuning::objective::Measured;

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
    /// The loss and the predictions for images, from one forward pass.
    ///
    /// # Errors
    ///
    /// See [`Objective::predict`].
    pub fn measure(
        &self,
        model: &Model,
        examples: &[PreparedImage],
    ) -> Result<Measured, GenerateError> {
        let batch = self.batch(examples);
        let scores = self.scores(model, &batch);
        let loss = loss(scores.clone(), &batch, 0.0).read();
        Ok(Measured { loss, predictions: self.predictions(scores)? })
    }

    fn predictions(&self, scores: Tensor<2>) -> Result<Vec<Prediction>, GenerateError> {
        let labels = best_classes(scores, 0..self.n_labels)?;
        Ok(labels.into_iter().map(|label| Prediction::Labels(vec![label])).collect())
    }

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
        self.smoothed_loss(model, batch, 0.0)
    }

    fn smoothed_loss(&self, model: &Model, batch: &ImageBatch, smoothing: f64) -> BatchLoss {
        loss(self.scores(model, batch), batch, smoothing)
    }

    fn predict(
        &self,
        model: &Model,
        examples: &[PreparedImage],
    ) -> Result<Vec<Prediction>, GenerateError> {
        self.predictions(self.scores(model, &self.batch(examples)))
    }
}

/// The loss of a batch with these scores.
fn loss(scores: Tensor<2>, batch: &ImageBatch, smoothing: f64) -> BatchLoss {
    let labels: Vec<i64> = batch.labels.iter().map(|label| i64::from(*label)).collect();
    let sum = smoothed_cross_entropy_sum(scores, &labels, smoothing);
    BatchLoss { sum, targets: labels.len() }
}

impl ClassObjective for SupervisedImages {
    fn scores(&self, model: &Model, batch: &ImageBatch) -> Tensor<2> {
        model.scores(&self.inputs(batch, &model.backbone().device()))
    }

    fn classes(&self, batch: &ImageBatch) -> Vec<u32> {
        batch.labels.clone()
    }
}
