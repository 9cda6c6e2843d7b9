//! Runs that learn to classify images.

use std::path::Path;
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
use super::super::prepare::{Continued, Opened, absolute, check_blocks, default_out, restore};
use super::super::start::family;
use super::new_run::{NewRun, check_settings, first_model, keep_data};
use super::start::{LoadedStart, as_usage, head};
use super::texts::class_weights;
use crate::datasets::labeled::{ImageSplit, LabeledImages, LabeledTask};
use crate::models::checkpoint::{self, ModelSpec, write_json};
use crate::models::families::{FAMILIES, Family, Task};
use crate::train::tuning::{ImageData, ImageSetup};
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
    check_settings(&settings)?;
    let data = images.data(setup, &settings)?;
    let run = NewRun { out, settings, start: loaded, data, unit: "images" };
    run.create(global, |folder| match (&preprocessor, from) {
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
    args: &TrainArgs,
    mut opened: Opened,
    path: &Path,
    device: &Device,
) -> Result<TrainJob> {
    let Some(task) = opened.settings.task.clone() else {
        return Err(usage("the run learns no task"));
    };
    let spec = ModelSpec::read(path)?;
    let images = Images::read(&task, opened.settings.seed, Some(&spec.labels))?;
    keep_data(args, &mut opened, &task, images.fingerprint()?)?;
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
        let family = family(args.family.as_deref().unwrap_or("vit"))?;
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
        let head = head(self.family, LabeledTask::ImageClassification, labels);
        if let Some(folder) = from {
            let found =
                checkpoint::load_with_head(folder, &head, seed, device).map_err(as_usage)?;
            let (spec, model) = (found.pretrained.spec, found.pretrained.model);
            return Ok(LoadedStart { spec, model, new: found.new });
        }
        // Images have no vocabulary, and as many positions as patches.
        let size = args.size.size(1, 1).map_err(usage)?;
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
