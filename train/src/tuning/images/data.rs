//! Labeled images as the data of a run.

use zoo_datasets::batch::{Augment, BatchAt, ExampleOrder, ImageChange};
use zoo_datasets::labeled::{LabeledImage, LabeledTask};
use zoo_models::checkpoint::Model;

use super::setup::ImageSetup;
use crate::class_weights::{ClassObjective, RowWeights};
use crate::error::TrainError;
use crate::objective::Pass;
use crate::train_data::{Score, TrainData, ValidationPasses};
use crate::tuning::encoded::EncodedTarget;
use crate::tuning::scores::target_scores;
use crate::tuning::setup::ROWS;

/// The images of a run. They are read when a pass needs them.
#[derive(Debug)]
pub struct ImageData {
    setup: ImageSetup,
    train: Vec<LabeledImage>,
    order: ExampleOrder,
    /// Micro-batches of a step.
    accumulate: usize,
    augment: Vec<Augment>,
    validation: Vec<LabeledImage>,
}

impl ImageData {
    /// The data of a run, in micro-batches of `batch_size` images, `accumulate` of them in a step.
    ///
    /// # Panics
    ///
    /// Panics without images, or if a size is 0.
    pub fn new(
        setup: ImageSetup,
        train: Vec<LabeledImage>,
        batch_size: usize,
        accumulate: usize,
        seed: u64,
    ) -> Self {
        // All images have the same size, so that steps are random parts of an epoch.
        let order = ExampleOrder::new(vec![1; train.len()], batch_size * accumulate, seed);
        Self { setup, train, order, accumulate, augment: Vec::new(), validation: Vec::new() }
    }

    /// The same with images to validate on.
    pub fn with_validation(self, validation: Vec<LabeledImage>) -> Self {
        Self { validation, ..self }
    }

    /// The same with random changes of the training images.
    pub fn with_augmentation(self, augment: Vec<Augment>) -> Self {
        Self { augment, ..self }
    }
}

impl TrainData for ImageData {
    fn train(&self, at: BatchAt) -> Result<Box<dyn Pass>, TrainError> {
        let examples = self.order.examples(at, self.accumulate);
        let images: Vec<LabeledImage> =
            examples.iter().map(|&example| self.train[example].clone()).collect();
        let first = at.micro_step as usize * images.len();
        let change = |row| ImageChange::new(&self.augment, at, first + row);
        let changes: Vec<ImageChange> = (0..images.len()).map(change).collect();
        let images = self.setup.load(&images, &changes)?;
        let weights = self.setup.class_weights.as_ref().map(|weights| {
            let step = self.order.examples(BatchAt { micro_step: 0, ..at }, 1);
            RowWeights::new(weights, step.into_iter().map(|example| self.train[example].label))
        });
        Ok(self.setup.objective.pass(&images, weights.as_ref()))
    }

    fn n_validation(&self) -> usize {
        self.validation.len().div_ceil(ROWS)
    }

    fn validation(&self) -> Result<ValidationPasses<'_>, TrainError> {
        let weights = self.setup.class_weights.as_ref().map(|weights| {
            RowWeights::new(weights, self.validation.iter().map(|image| image.label))
        });
        Ok(Box::new(self.validation.chunks(ROWS).map(move |images| {
            let images = self.setup.load_unchanged(images)?;
            Ok(self.setup.objective.pass(&images, weights.as_ref()))
        })))
    }

    fn scores(&self, model: &Model) -> Result<Vec<Score>, TrainError> {
        let predictions = self.setup.predict(model, &self.validation, &mut |_| {})?;
        let predictions: Vec<_> = predictions.iter().collect();
        let targets: Vec<EncodedTarget> =
            self.validation.iter().map(|image| EncodedTarget::Class(image.label)).collect();
        let targets: Vec<_> = targets.iter().collect();
        let task = LabeledTask::ImageClassification;
        let scores = target_scores(task, &self.setup.labels, &predictions, &targets);
        scores.and_then(|scores| scores.all()).map_err(TrainError::data)
    }
}
