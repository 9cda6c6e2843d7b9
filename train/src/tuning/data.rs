//! Encoded texts as the data of a run.

use std::cmp::Reverse;

use zoo_datasets::batch::{BatchAt, ExampleOrder};
use zoo_datasets::labeled::LabeledTask;
use zoo_models::checkpoint::Model;

use super::encoded::EncodedText;
use super::scores::scores;
use super::setup::{ROWS, TaskSetup};
use crate::class_weights::RowWeights;
use crate::error::TrainError;
use crate::objective::Pass;
use crate::train_data::{Score, TrainData, ValidationPasses};

/// The texts of a run.
#[derive(Debug)]
pub struct TuningData {
    setup: TaskSetup,
    train: Vec<EncodedText>,
    order: ExampleOrder,
    /// Micro-batches of a step.
    accumulate: usize,
    /// Sorted by length, so that little of a pass is padding.
    validation: Vec<EncodedText>,
}

impl TuningData {
    /// The data of a run. `order` is that of the examples of `train`; a step has `accumulate`
    /// micro-batches.
    pub fn new(
        setup: TaskSetup,
        train: Vec<EncodedText>,
        order: ExampleOrder,
        accumulate: usize,
    ) -> Self {
        Self { setup, train, order, accumulate, validation: Vec::new() }
    }

    /// The same with examples to validate on.
    pub fn with_validation(self, mut validation: Vec<EncodedText>) -> Self {
        validation.sort_by_key(|text| Reverse(text.ids.len()));
        Self { validation, ..self }
    }
}

impl TrainData for TuningData {
    fn train(&self, at: BatchAt) -> Result<Box<dyn Pass>, TrainError> {
        let examples = self.order.examples(at, self.accumulate);
        let examples: Vec<EncodedText> =
            examples.into_iter().map(|example| self.train[example].clone()).collect();
        let weights = self.setup.class_weights.as_ref().map(|weights| {
            let step = self.order.examples(BatchAt { micro_step: 0, ..at }, 1);
            let classes = step.into_iter().map(|example| self.train[example].target.class());
            RowWeights::new(weights, classes)
        });
        Ok(self.setup.pass(&examples, weights.as_ref()))
    }

    fn n_validation(&self) -> usize {
        self.validation.len().div_ceil(ROWS)
    }

    fn validation(&self) -> Result<ValidationPasses<'_>, TrainError> {
        let weights = self.setup.class_weights.as_ref().map(|weights| {
            RowWeights::new(weights, self.validation.iter().map(|text| text.target.class()))
        });
        let passes = self.validation.chunks(ROWS);
        Ok(Box::new(passes.map(move |texts| Ok(self.setup.pass(texts, weights.as_ref())))))
    }

    fn scores(&self, model: &Model) -> Result<Vec<Score>, TrainError> {
        if matches!(self.setup.task, LabeledTask::QuestionAnswering | LabeledTask::TextToText) {
            return Ok(Vec::new());
        }
        let predictions = self.setup.predict(model, &self.validation, &mut |_| {})?;
        let (predictions, examples): (Vec<_>, Vec<_>) =
            predictions.iter().zip(&self.validation).unzip();
        scores(self.setup.task, &self.setup.labels, &predictions, &examples)
            .map_err(TrainError::data)
    }
}
