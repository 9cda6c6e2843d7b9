//! The data of a run as burn-train's data loaders: an item is one forward pass.

use std::ops::Range;
use std::sync::Arc;

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::tensor::Device;
use zoo_datasets::batch::BatchAt;

use crate::objective::Pass;
use crate::settings::TrainSettings;
use crate::train_data::TrainData;

/// The training passes of a range of steps; each is a function of seed, step and micro-step.
#[derive(Clone)]
pub(crate) struct TrainPasses {
    data: Arc<dyn TrainData>,
    seed: u64,
    accumulate: usize,
    /// The range of forward passes, counted from the start of the run.
    passes: Range<usize>,
}

impl TrainPasses {
    /// The passes from `first_step` to the end of the run.
    pub(crate) fn new(
        data: Arc<dyn TrainData>,
        settings: &TrainSettings,
        first_step: usize,
    ) -> Self {
        let accumulate = settings.accumulate;
        let passes = first_step * accumulate..settings.schedule.steps * accumulate;
        Self { data, seed: settings.seed, accumulate, passes }
    }
}

impl DataLoader<Box<dyn Pass>> for TrainPasses {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<Box<dyn Pass>> + 'a> {
        let item = |pass: usize| {
            let at = BatchAt {
                seed: self.seed,
                step: (pass / self.accumulate) as u64,
                micro_step: (pass % self.accumulate) as u64,
            };
            self.data.train(at).map_err(DatasetError::new)
        };
        let total = self.passes.len();
        Box::new(Counted { items: self.passes.clone().map(item), done: 0, total })
    }

    fn num_items(&self) -> usize {
        self.passes.len()
    }

    fn to_device(&self, _device: &Device) -> Arc<dyn DataLoader<Box<dyn Pass>>> {
        Arc::new(self.clone()) // Batches are on the host; the loss takes them to its device.
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<Box<dyn Pass>>> {
        let passes = self.passes.start + start..self.passes.start + end;
        Arc::new(Self { passes, ..self.clone() })
    }
}

/// The passes of a validation.
#[derive(Clone)]
pub(crate) struct ValidationLoader {
    data: Arc<dyn TrainData>,
    range: Range<usize>,
}

impl ValidationLoader {
    /// The whole split.
    pub(crate) fn new(data: Arc<dyn TrainData>) -> Self {
        let range = 0..data.n_validation();
        Self { data, range }
    }
}

impl DataLoader<Box<dyn Pass>> for ValidationLoader {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<Box<dyn Pass>> + 'a> {
        let total = self.range.len();
        match self.data.validation() {
            Ok(passes) => {
                let items = passes.skip(self.range.start).take(total);
                let items = items.map(|pass| pass.map_err(DatasetError::new));
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

    fn to_device(&self, _device: &Device) -> Arc<dyn DataLoader<Box<dyn Pass>>> {
        Arc::new(self.clone())
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<Box<dyn Pass>>> {
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
