//! An image classifier on labeled images.

use std::path::Path;

use anyhow::Result;

use super::super::image_input;
use super::super::{Global, usage};
use super::{EvaluateArgs, columns, run_settings};
use crate::datasets::labeled::{ImageSplit, LabeledImages, LabeledTask};
use crate::models::checkpoint::{self, LoadDtype, ModelSpec};
use crate::train::tuning::{Evaluation, ImageSetup};

pub(super) fn run(
    global: &Global,
    args: &EvaluateArgs,
    folder: &Path,
    spec: ModelSpec,
) -> Result<Evaluation> {
    let task = LabeledTask::ImageClassification;
    match spec.config["problem_type"].as_str() {
        None | Some("single_label_classification") => {}
        Some(other) => {
            let reason = format!("the model's problem_type is {other}, and zoo evaluate measures");
            return Err(usage(format!("{reason} one label for each image")));
        }
    }
    let text_flags = [
        ("--max-length", args.max_length.is_some()),
        ("--prefix", args.prefix.is_some()),
        ("--max-target-length", args.max_target_length.is_some()),
    ];
    if let Some((flag, _)) = text_flags.into_iter().find(|(_, is_given)| *is_given) {
        return Err(usage(format!("{flag} is for texts, and the model classifies images")));
    }
    let run = run_settings(folder).filter(|run| run.task.name == task);
    let columns = columns(args, run.as_ref());
    let images = LabeledImages::read(&args.files, ImageSplit::Test, &columns, Some(&spec.labels));
    let images = images.map_err(usage)?;
    for part in args.files.iter().filter_map(|source| ImageSplit::Test.folder(source)) {
        global.note(&format!("measured on {}", part.display()));
    }

    let device = global.device()?;
    let precision = args.model.dtype.on(global, &device)?;
    let input = image_input::of_model(folder, &spec)?;
    let loaded = checkpoint::load_as(folder, spec, &device, LoadDtype::Checkpoint)?;
    let model = loaded.model.cast(precision);
    let setup = ImageSetup::new(&loaded.spec, input.size, input.loader).map_err(usage)?;
    let bar = global.bar(images.examples.len() as u64, "images");
    let evaluation = setup.evaluate(&model, images, &mut |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    Ok(evaluation?)
}
