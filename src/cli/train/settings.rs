//! Checks of a run's settings before anything is written.

use anyhow::Result;

use super::super::usage;
use super::args::TrainArgs;
use crate::datasets::labeled::LabeledTask;
use crate::models::checkpoint::{Model, ModelSpec};
use crate::system::count;
use crate::train::{Frozen, TrainSettings};

/// Checks the settings of a new run.
pub(super) fn check_settings(args: &TrainArgs, settings: &TrainSettings) -> Result<()> {
    if let Some(problem) = args.optimizer.problem().or_else(|| settings.problem()) {
        return Err(usage(problem));
    }
    let task = settings.task.as_ref().map(|task| task.name);
    let has_classes = matches!(
        task,
        None | Some(
            LabeledTask::Classification
                | LabeledTask::Tagging
                | LabeledTask::TextToText
                | LabeledTask::ImageClassification
        )
    );
    match task {
        Some(task) if settings.label_smoothing > 0.0 && !has_classes => Err(usage(format!(
            "--label-smoothing is for targets that are classes or tokens, which {task} does not have"
        ))),
        _ => Ok(()),
    }
}

/// The number of frozen parameters, for a message; empty if none is frozen.
pub(super) fn frozen(settings: &TrainSettings, spec: &ModelSpec, model: &Model) -> Result<String> {
    let Some(pattern) = &settings.freeze else {
        return Ok(String::new());
    };
    let found = Frozen::find(pattern, spec, model);
    let found = found.map_err(|error| usage(format!("--freeze: {error}")))?;
    let (frozen, trained) = (count(found.count as u64), count(found.trained as u64));
    Ok(format!(" ({frozen} frozen, {trained} trained)"))
}

/// Checks that a model that is to compute its blocks again has blocks.
pub(super) fn check_blocks(is_asked: bool, spec: &ModelSpec) -> Result<()> {
    match is_asked && spec.architecture.backbone.stacks().is_empty() {
        true => {
            let name = spec.family.name();
            Err(usage(format!("--checkpoint-blocks: {name} is recurrent and has no blocks")))
        }
        false => Ok(()),
    }
}
