//! Batches as burn-train data loaders: an item is one forward pass.

use std::sync::Arc;

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::tensor::Device;
use zoo_datasets::batch::{BatchAt, BatchShape, LmBatch, LmDataset};
use zoo_models::precision::Precision;

use crate::lm_model::StepBatch;
use crate::settings::TrainSettings;

/// The training batches of a range of steps; each is a function of seed, step and micro-step.
#[derive(Clone)]
pub(crate) struct TrainBatches {
    data: Arc<LmDataset>,
    seed: u64,
    shape: BatchShape,
    accumulate: usize,
    precision: Precision,
    /// The range of forward passes, counted from the start of the run.
    passes: std::ops::Range<usize>,
}

impl TrainBatches {
    /// The batches from `first_step` to the end of the run.
    pub(crate) fn new(data: Arc<LmDataset>, settings: &TrainSettings, first_step: usize) -> Self {
        let accumulate = settings.accumulate;
        let passes = first_step * accumulate..settings.schedule.steps * accumulate;
        Self {
            data,
            seed: settings.seed,
            shape: settings.shape(),
            accumulate,
            precision: settings.dtype,
            passes,
        }
    }
}

impl DataLoader<StepBatch> for TrainBatches {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<StepBatch> + 'a> {
        let batch = |pass: usize| {
            let at = BatchAt {
                seed: self.seed,
                step: (pass / self.accumulate) as u64,
                micro_step: (pass % self.accumulate) as u64,
            };
            let batch = self.data.train_batch(at, self.shape).map_err(DatasetError::new)?;
            Ok(StepBatch {
                batch,
                batches: self.accumulate,
                precision: self.precision,
                loss_scale: 1.0,
            })
        };
        let total = self.passes.len();
        Box::new(Counted { items: self.passes.clone().map(batch), done: 0, total })
    }

    fn num_items(&self) -> usize {
        self.passes.len()
    }

    fn to_device(&self, _device: &Device) -> Arc<dyn DataLoader<StepBatch>> {
        Arc::new(self.clone()) // Batches are on the host; the model takes them to its device.
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<StepBatch>> {
        let passes = self.passes.start + start..self.passes.start + end;
        Arc::new(Self { passes, ..self.clone() })
    }
}

/// The validation split.
#[derive(Clone)]
pub(crate) struct ValidBatches {
    data: Arc<LmDataset>,
    shape: BatchShape,
    range: std::ops::Range<usize>,
}

impl ValidBatches {
    /// The whole split in batches of `shape`.
    pub(crate) fn new(data: Arc<LmDataset>, shape: BatchShape) -> Self {
        let rows = data.valid_tokens().saturating_sub(1).div_ceil(shape.context);
        Self { data, shape, range: 0..rows.div_ceil(shape.rows) }
    }
}

impl DataLoader<LmBatch> for ValidBatches {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<LmBatch> + 'a> {
        let total = self.range.len();
        match self.data.valid_batches(self.shape) {
            Ok(batches) => {
                let items = batches.skip(self.range.start).take(total).map(Ok);
                Box::new(Counted { items, done: 0, total })
            }
            Err(error) => {
                let items = std::iter::once(Err(DatasetError::new(error)));
                Box::new(Counted { items, done: 0, total })
            }
        }
    }

    fn num_items(&self) -> usize {
        self.range.len()
    }

    fn to_device(&self, _device: &Device) -> Arc<dyn DataLoader<LmBatch>> {
        Arc::new(self.clone())
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<LmBatch>> {
        let range = self.range.start + start..self.range.start + end;
        Arc::new(Self { range, ..self.clone() })
    }
}

/// An iterator that counts its items.
struct Counted<I> {
    items: I,
    done: usize,
    total: usize,
}

impl<I: Iterator> Iterator for Counted<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.items.next()?;
        self.done += 1;
        Some(item)
    }
}

impl<T, I: Iterator<Item = Result<T, DatasetError>>> DataLoaderIterator<T> for Counted<I> {
    fn progress(&self) -> Progress {
        Progress::new(self.done, self.total, Some("batches".to_string()))
    }
}
