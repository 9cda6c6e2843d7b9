//! The texts of a run: labeled, and encoded.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use super::super::super::usage;
use crate::datasets::batch::ExampleOrder;
use crate::datasets::labeled::LabeledTexts;
use crate::datasets::records::Records;
use crate::train::tuning::{EncodedTarget, EncodedText, TaskSetup, TuningData};
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
            ValidationSource::Folder => {
                return Err(usage("texts have no validation folder; name files with --validation"));
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

/// Checks that the model can be evaluated on these files, before it is trained.
pub(super) fn check_test(task: &TaskSettings, files: &[PathBuf], labels: &[String]) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let known = task.name.has_labels().then_some(labels);
    let records = Records::read(files).map_err(usage)?;
    LabeledTexts::read(&records, task.name, &task.columns, known).map_err(usage)?;
    Ok(())
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

    pub(super) fn data(self, settings: &TrainSettings) -> Result<Arc<dyn TrainData>> {
        let TrainSettings { batch_size, accumulate, seed, .. } = *settings;
        let classes = self.train.iter().filter_map(|text| match &text.target {
            EncodedTarget::Class(class) => Some(*class),
            _ => None,
        });
        let weights = class_weights(settings, &self.setup.labels, classes)?;
        let setup = self.setup.with_class_weights(weights);
        let lengths = self.train.iter().map(|text| text.ids.len()).collect();
        let order = ExampleOrder::new(lengths, batch_size * accumulate, seed);
        let data = TuningData::new(setup, self.train, order, accumulate);
        Ok(Arc::new(data.with_validation(self.validation)))
    }
}

/// The weights of labels in the loss, for training examples of these classes.
pub(super) fn class_weights(
    settings: &TrainSettings,
    labels: &[String],
    classes: impl Iterator<Item = u32>,
) -> Result<Option<Vec<f32>>> {
    let weights = settings.task.as_ref().and_then(|task| task.class_weights.as_ref());
    let weights = weights.map(|weights| weights.resolve(labels, classes)).transpose();
    weights.map_err(|error| usage(format!("--class-weights: {error}")))
}
