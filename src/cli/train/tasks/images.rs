//! Runs that learn to classify images.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use burn::tensor::Device;
use serde_json::{Value, json};

use super::super::super::companions::write_tokenizer_files;
use super::super::super::image_input::{self, ImageInput};
use super::super::super::{Global, usage};
use super::super::args::TrainArgs;
use super::super::classify;
use super::super::defaults::Defaults;
use super::super::prepare::{Continued, Opened, absolute, restore};
use super::super::settings::{check_blocks, check_settings};
use super::super::start::family;
use super::super::text_source::default_out;
use super::new_run::{NewRun, check_data, first_model};
use super::start::{LoadedStart, as_usage};
use super::texts::class_weights;
use crate::datasets::labeled::{ImageSplit, LabeledImages, LabeledTask};
use crate::models::checkpoint::{self, HeadFor, ModelSpec, write_json};
use crate::models::families::{FAMILIES, Family, Task};
use crate::train::tuning::{ImageData, ImageSetup, head_for};
use crate::train::{
    TaskSettings, TrainData, TrainError, TrainJob, TrainSettings, ValidationSource,
};

/// The labeled images of a run.
struct Images {
    train: LabeledImages,
    validation: LabeledImages,
}

impl Images {
    /// Finds the images of a task. With `labels`, there are no others.
    fn read(task: &TaskSettings, seed: u64, labels: Option<&[String]>) -> Result<Self> {
        let read = |files: &[_], split, labels: Option<&[String]>| {
            LabeledImages::read(files, split, &task.columns, labels).map_err(usage)
        };
        let all = read(&task.files, ImageSplit::Train, labels)?;
        let (train, validation) = match &task.validation {
            ValidationSource::Files(files) => {
                let validation = read(files, ImageSplit::Validation, Some(&all.labels))?;
                (all, validation)
            }
            ValidationSource::Folder => {
                let validation = read(&task.files, ImageSplit::Validation, Some(&all.labels))?;
                (all, validation)
            }
            ValidationSource::Share(share) => {
                let [train, validation] = all.split(*share, seed);
                (train, validation)
            }
        };
        if train.examples.is_empty() || validation.examples.is_empty() {
            return Err(usage(
                "the data has too few images for training and validation; give more of them, or a \
                 folder with --validation",
            ));
        }
        Ok(Self { train, validation })
    }

    fn fingerprint(&self) -> Result<String> {
        LabeledImages::fingerprint(&[&self.train, &self.validation]).map_err(usage)
    }

    /// The images as the data of a run; their labels may have another order than the model's.
    fn data(self, setup: ImageSetup, settings: &TrainSettings) -> Result<Arc<dyn TrainData>> {
        let Self { train, validation } = self;
        let train = train.with_labels(&setup.labels).examples;
        let validation = validation.with_labels(&setup.labels).examples;
        let classes = train.iter().map(|image| image.label);
        let weights = class_weights(settings, &setup.labels, classes)?;
        let augment = settings.task.as_ref().map(|task| task.augment.clone()).unwrap_or_default();
        let TrainSettings { batch_size, accumulate, seed, .. } = *settings;
        let setup = setup.with_class_weights(weights);
        let data = ImageData::new(setup, train, batch_size, accumulate, seed);
        Ok(Arc::new(data.with_validation(validation).with_augmentation(augment)))
    }
}

/// The validation folder of a data set, where no other validation is requested.
pub(super) fn validation_folder(args: &TrainArgs) -> Option<ValidationSource> {
    let [data] = &args.text.data[..] else { return None };
    let folder = ImageSplit::Validation.folder(Path::new(data));
    folder.filter(|_| args.task.validation.is_empty()).map(|_| ValidationSource::Folder)
}

/// Checks that the model can be evaluated on these images, before it is trained.
fn check_test(
    global: &Global,
    task: &TaskSettings,
    files: &[PathBuf],
    labels: &[String],
) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let images = LabeledImages::read(files, ImageSplit::Test, &task.columns, Some(labels));
    image_input::check(global, &[&images.map_err(usage)?])
}

/// Creates a new run.
pub(super) fn begin(
    global: &Global,
    args: &TrainArgs,
    task: TaskSettings,
    from: Option<&Path>,
    device: &Device,
) -> Result<TrainJob> {
    let text_flags = [
        ("--context", args.training.context.is_some()),
        ("--tokenizer", args.text.tokenizer.is_some()),
        ("--prefix", !task.prefix.is_empty()),
        ("--pair-column", task.columns.pair.is_some()),
    ];
    if let Some((flag, _)) = text_flags.into_iter().find(|(_, is_given)| *is_given) {
        return Err(usage(format!("{flag} is for texts, and the task learns from images")));
    }
    let images = Images::read(&task, global.seed(), None)?;
    let start = Start::new(args, from, device)?;
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| default_out(args, &task.files[0], start.family));
    if out.exists() {
        return Err(classify(TrainError::Exists(out)));
    }
    crate::device::require_format(&global.device, device, args.training.dtype).map_err(usage)?;
    image_input::check(global, &[&images.train, &images.validation])?;
    check_test(global, &task, &args.text.test, &images.train.labels)?;
    let loaded = start.load(args, global.seed(), from, &images.train.labels, device)?;
    check_blocks(args.training.checkpoint_blocks, &loaded.spec)?;
    let Start { input, preprocessor, .. } = start;
    let setup = ImageSetup::new(&loaded.spec, input.size, input.loader).map_err(usage)?;

    let defaults = Defaults::task(args, images.train.examples.len());
    let settings = TrainSettings {
        data: absolute(&task.files[0]),
        data_fingerprint: images.fingerprint()?,
        init_from: from.map(absolute),
        task: Some(task),
        ..defaults.settings(global, args, setup.objective.tokens)
    };
    check_settings(args, &settings)?;
    let data = images.data(setup, &settings)?;
    let run = NewRun { out, settings, start: loaded, data, unit: "images" };
    run.create(global, args, |folder| match (&preprocessor, from) {
        (Some(preprocessor), _) => {
            Ok(write_json(&folder.join("preprocessor_config.json"), preprocessor)?)
        }
        (None, Some(from)) => write_tokenizer_files(global, from, folder),
        (None, None) => Ok(()),
    })
}

/// Resumes a run, whose task has the files where they are now.
pub(super) fn resume(
    global: &Global,
    opened: Opened,
    path: &Path,
    device: &Device,
) -> Result<TrainJob> {
    let Some(task) = opened.settings.task.clone() else {
        return Err(usage("the run learns no task"));
    };
    let spec = ModelSpec::read(path)?;
    let images = Images::read(&task, opened.settings.seed, Some(&spec.labels))?;
    check_data(&opened.settings, images.fingerprint()?)?;
    check_test(global, &task, &opened.settings.test, &images.train.labels)?;
    opened.run.keep_settings(&opened.settings).map_err(classify)?;
    let first = || first_model(&opened, &task, &spec, &images.train.labels, device);
    let Continued { model, optimizer, state } = restore(global, &opened, device, first)?;
    let input = image_input::of_model(path, &spec)?;
    let setup = ImageSetup::new(&spec, input.size, input.loader).map_err(usage)?;
    let data = images.data(setup, &opened.settings)?;
    let ModelSpec { family, config, .. } = spec;
    let Opened { run, settings } = opened;
    Ok(TrainJob { run, settings, data, family, config, model, optimizer, state })
}

/// The starting point of a new run: a family, or an existing model.
struct Start {
    family: &'static Family,
    /// The `preprocessor_config.json` of a new model.
    preprocessor: Option<Value>,
    input: ImageInput,
}

impl Start {
    fn new(args: &TrainArgs, from: Option<&Path>, device: &Device) -> Result<Self> {
        if let Some(folder) = from {
            let spec = ModelSpec::describe(folder, device)?;
            check_family(spec.family)?;
            let input = image_input::of_model(folder, &spec)?;
            return Ok(Self { family: spec.family, preprocessor: None, input });
        }
        let family = family(args.family())?;
        check_family(family)?;
        let preprocessor = preprocessor(args.images.image_size());
        let input = image_input::of_preprocessor(&preprocessor, family.name())?;
        Ok(Self { family, preprocessor: Some(preprocessor), input })
    }

    /// The model with a head for the labels.
    fn load(
        &self,
        args: &TrainArgs,
        seed: u64,
        from: Option<&Path>,
        labels: &[String],
        device: &Device,
    ) -> Result<LoadedStart> {
        let head = head_for(self.family, LabeledTask::ImageClassification, labels);
        if let Some(folder) = from {
            let head = HeadFor { dropout: args.dropout, ..head };
            let found =
                checkpoint::load_with_head(folder, &head, seed, device).map_err(as_usage)?;
            let (spec, model) = (found.pretrained.spec, found.pretrained.model);
            return Ok(LoadedStart { spec, model, new: found.new });
        }
        // Images have no vocabulary, and as many positions as patches.
        let mut size = args.size.size(1, 1).map_err(usage)?;
        size.dropout = args.dropout.unwrap_or(0.0);
        let mut config = self.family.sized(&size).map_err(usage)?.config;
        config["image_size"] = args.images.image_size().into();
        config["patch_size"] = args.images.patch_size().into();
        let config = head.config(self.family, &config).map_err(usage)?;
        let spec = ModelSpec::new(self.family, config).map_err(usage)?;
        let model = spec.initialized(seed, device);
        Ok(LoadedStart { spec, model, new: Vec::new() })
    }
}

/// Checks that a family classifies images.
fn check_family(family: &Family) -> Result<()> {
    if family.has(Task::ImageClassifier) {
        return Ok(());
    }
    let known = FAMILIES.iter().copied().filter(|family| family.has(Task::ImageClassifier));
    let known: Vec<&str> = known.map(Family::name).collect();
    Err(usage(format!("{} does not take images; these do: {}", family.name(), known.join(", "))))
}

/// The `preprocessor_config.json` of a new model: ViT's, for another size.
fn preprocessor(side: usize) -> Value {
    json!({
        "image_processor_type": "ViTImageProcessor",
        "do_convert_rgb": true,
        "do_resize": true, "size": { "height": side, "width": side }, "resample": 2,
        "do_rescale": true, "rescale_factor": 1.0 / 255.0,
        "do_normalize": true, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
    })
}
