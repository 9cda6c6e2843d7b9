//! The texts of a run: labeled, and encoded.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use super::super::super::usage;
use crate::datasets::batch::ExampleOrder;
use crate::datasets::labeled::LabeledTexts;
use crate::datasets::records::Records;
use crate::train::tuning::{EncodedText, TaskSetup, TuningData};
use crate::train::{TaskSettings, TrainData, TrainSettings, ValidationSource};

/// The labeled texts of a run.
pub(super) struct Texts {
    pub(super) train: LabeledTexts,
    validation: LabeledTexts,
}

impl Texts {
    /// Reads the files of a task. With `labels`, there are no others.
    pub(super) fn read(task: &TaskSettings, seed: u64, labels: Option<&[String]>) -> Result<Self> {
        let read = |files: &[PathBuf], labels: Option<&[String]>| {
            let records = Records::read(files)?;
            LabeledTexts::read(&records, task.name, &task.columns, labels)
        };
        let all = read(&task.files, labels).map_err(usage)?;
        let (train, validation) = match &task.validation {
            ValidationSource::Files(files) => {
                let validation = read(files, Some(&all.labels)).map_err(usage)?;
                (all, validation)
            }
            ValidationSource::Share(share) => {
                let [train, validation] = all.split(*share, seed);
                (train, validation)
            }
        };
        if train.examples.is_empty() || validation.examples.is_empty() {
            return Err(usage(
                "the data has too few different texts for training and validation; give more of \
                 them, or a file with --validation",
            ));
        }
        Ok(Self { train, validation })
    }

    /// A SHA-256 over the texts and their targets.
    pub(super) fn fingerprint(&self) -> String {
        LabeledTexts::fingerprint(&[&self.train, &self.validation])
    }
}

/// The encoded texts of a run.
pub(super) struct Encoded {
    setup: TaskSetup,
    pub(super) train: Vec<EncodedText>,
    validation: Vec<EncodedText>,
}

impl Encoded {
    pub(super) fn new(setup: TaskSetup, texts: Texts) -> Result<Self> {
        let train = setup.encode(texts.train).map_err(usage)?;
        let validation = setup.encode(texts.validation).map_err(usage)?;
        Ok(Self { setup, train, validation })
    }

    pub(super) fn data(self, settings: &TrainSettings) -> Arc<dyn TrainData> {
        let TrainSettings { batch_size, accumulate, seed, .. } = *settings;
        let lengths = self.train.iter().map(|text| text.ids.len()).collect();
        let order = ExampleOrder::new(lengths, batch_size * accumulate, seed);
        let data = TuningData::new(self.setup, self.train, order, accumulate);
        Arc::new(data.with_validation(self.validation))
    }
}
