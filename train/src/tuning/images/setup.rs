//! What a model needs for labeled images beside its weights.

use std::sync::Arc;

use zoo_datasets::batch::ImageChange;
use zoo_datasets::labeled::{LabeledImage, LabeledImages, LabeledTask};
use zoo_models::checkpoint::{Model, ModelSpec};

use super::loader::{ImageLoader, load};
use super::objective::{PreparedImage, SupervisedImages};
use crate::error::TrainError;
use crate::objective::{LossSum, Objective};
use crate::prediction::Prediction;
use crate::tuning::encoded::EncodedTarget;
use crate::tuning::evaluation::{Evaluation, class_report, intervals};
use crate::tuning::scores::target_scores;
use crate::tuning::setup::ROWS;

/// Image classification with a model: its labels, how images are read, and its objective.
#[derive(Debug, Clone)]
pub struct ImageSetup {
    /// The model's labels.
    pub labels: Vec<String>,
    /// The objective.
    pub objective: SupervisedImages,
    /// Reads images.
    pub loader: Arc<dyn ImageLoader>,
    /// The weight of each label in the loss; `None` where all weigh the same.
    pub class_weights: Option<Vec<f32>>,
}

impl ImageSetup {
    /// The setup of a model, for images of this height and width.
    ///
    /// # Errors
    ///
    /// A model of texts, or one that does not take such images in three colors.
    pub fn new(
        spec: &ModelSpec,
        size: [usize; 2],
        loader: Arc<dyn ImageLoader>,
    ) -> Result<Self, TrainError> {
        let Some(patches) = spec.architecture.backbone.patches() else {
            return Err(TrainError::Data(format!("{} takes no images", spec.family.name())));
        };
        if patches.channels != 3 {
            let reason = format!("the model has {} color channels, and images 3", patches.channels);
            return Err(TrainError::Data(reason));
        }
        patches.check_size(size).map_err(TrainError::Data)?;
        let [height, width] = size;
        let leading = patches.n_tokens() - patches.n_patches();
        let objective = SupervisedImages {
            shape: [patches.channels, height, width],
            tokens: leading + (height / patches.patch[0]) * (width / patches.patch[1]),
            n_labels: spec.labels.len(),
        };
        Ok(Self { labels: spec.labels.clone(), objective, loader, class_weights: None })
    }

    /// The same with a weight for each label in the loss.
    pub fn with_class_weights(self, class_weights: Option<Vec<f32>>) -> Self {
        Self { class_weights, ..self }
    }

    /// Reads images, each with a random change.
    pub(super) fn load(
        &self,
        images: &[LabeledImage],
        changes: &[ImageChange],
    ) -> Result<Vec<PreparedImage>, TrainError> {
        load(&*self.loader, images, changes)
    }

    /// Reads images as they are.
    pub(super) fn load_unchanged(
        &self,
        images: &[LabeledImage],
    ) -> Result<Vec<PreparedImage>, TrainError> {
        self.load(images, &vec![ImageChange::default(); images.len()])
    }

    /// The predictions of a model for images, in order. `done` receives the number of finished
    /// images.
    ///
    /// # Errors
    ///
    /// An image that cannot be read; outputs that are not finite.
    pub fn predict(
        &self,
        model: &Model,
        images: &[LabeledImage],
        done: &mut dyn FnMut(usize),
    ) -> Result<Vec<Prediction>, TrainError> {
        let mut predictions = Vec::with_capacity(images.len());
        for some in images.chunks(ROWS) {
            let some = self.load_unchanged(some)?;
            predictions.extend(self.objective.predict(model, &some).map_err(TrainError::data)?);
            done(predictions.len());
        }
        Ok(predictions)
    }

    /// Evaluates a model on images, whose labels may have another order than the model's. `done`
    /// receives the number of images whose predictions are finished.
    ///
    /// # Errors
    ///
    /// An image that cannot be read; outputs that are not finite.
    pub fn evaluate(
        &self,
        model: &Model,
        images: LabeledImages,
        done: &mut dyn FnMut(usize),
    ) -> Result<Evaluation, TrainError> {
        let images = images.with_labels(&self.labels).examples;
        let mut loss = LossSum::ZERO;
        let mut predictions = Vec::with_capacity(images.len());
        for some in images.chunks(ROWS) {
            let some = self.load_unchanged(some)?;
            let measured = self.objective.measure(model, &some).map_err(TrainError::data)?;
            loss.add(measured.loss);
            predictions.extend(measured.predictions);
            done(predictions.len());
        }
        if !loss.mean().is_finite() {
            return Err(TrainError::Data(format!("the loss is {}", loss.mean())));
        }
        let targets: Vec<EncodedTarget> =
            images.iter().map(|image| EncodedTarget::Class(image.label)).collect();
        let targets: Vec<&EncodedTarget> = targets.iter().collect();
        let predictions: Vec<&Prediction> = predictions.iter().collect();
        let task = LabeledTask::ImageClassification;
        let scores = target_scores(task, &self.labels, &predictions, &targets);
        let report = class_report(&self.labels, &predictions, &targets);
        Ok(Evaluation {
            examples: images.len(),
            loss: loss.mean(),
            perplexity: None,
            scores: scores.and_then(|scores| intervals(&scores)).map_err(TrainError::data)?,
            report: Some(report.map_err(TrainError::data)?),
        })
    }
}
