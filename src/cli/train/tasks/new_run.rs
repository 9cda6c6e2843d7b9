//! Creates a run that learns a task, and resumes one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use burn::tensor::Device;

use super::super::super::companions::set_dtype;
use super::super::super::{Global, usage};
use super::super::args::TrainArgs;
use super::super::classify;
use super::super::prepare::{Opened, absolute};
use super::super::start::note_new;
use super::start::{LoadedStart, head};
use crate::models::checkpoint::{self, Model, ModelSpec};
use crate::models::precision::Precision;
use crate::train::{
    AdamW, RunDir, State, TaskSettings, TrainData, TrainError, TrainJob, TrainSettings,
};

/// A new run, before anything is written.
pub(super) struct NewRun {
    pub(super) out: PathBuf,
    pub(super) settings: TrainSettings,
    pub(super) start: LoadedStart,
    pub(super) data: Arc<dyn TrainData>,
    /// What an example is: `texts` or `images`.
    pub(super) unit: &'static str,
}

impl NewRun {
    /// Creates the run's directory; `fill` adds what its model has beside config and weights.
    pub(super) fn create(
        self,
        global: &Global,
        fill: impl Fn(&Path) -> Result<()>,
    ) -> Result<TrainJob> {
        let Self { out, settings, start: LoadedStart { spec, model, new }, data, unit } = self;
        if settings.init_from.is_some() {
            note_new(global, &new);
        }
        let ModelSpec { family, mut config, .. } = spec;
        // The weights of a run are f32, whatever the initial model had.
        set_dtype(&mut config, Precision::F32);
        let run = RunDir::create(&out, &settings, |folder| {
            checkpoint::write_config(folder, &config)?;
            fill(folder).map_err(|error| TrainError::Burn(format!("{error:#}")))
        })
        .map_err(classify)?;
        global.note(&format!(
            "{}: {} parameters, {} steps of {} {unit}, in {}",
            family.name(),
            crate::system::count(crate::models::parameters::count(&model) as u64),
            settings.schedule.steps,
            settings.batch_size * settings.accumulate,
            out.display(),
        ));
        let (optimizer, state) = (AdamW::new(settings.optimizer), State::start(settings.dtype));
        Ok(TrainJob { run, settings, data, family, config, model, optimizer, state })
    }
}

/// Checks that data with this fingerprint are those of the run, and records where they are now.
pub(super) fn keep_data(
    args: &TrainArgs,
    opened: &mut Opened,
    task: &TaskSettings,
    found: String,
) -> Result<()> {
    if found != opened.settings.data_fingerprint {
        return Err(classify(TrainError::OtherData {
            data: opened.settings.data.clone(),
            expected: opened.settings.data_fingerprint.clone(),
            found,
        }));
    }
    if let [first, ..] = &args.text.data[..] {
        let data = absolute(Path::new(first));
        opened.run.move_data(&data, &task.files).map_err(classify)?;
        opened.settings.data = data;
    }
    Ok(())
}

/// The model that a run began with.
pub(super) fn first_model(
    opened: &Opened,
    task: &TaskSettings,
    spec: &ModelSpec,
    labels: &[String],
    device: &Device,
) -> Result<Model> {
    let seed = opened.settings.seed;
    match &opened.settings.init_from {
        Some(from) => {
            let head = head(spec.family, task.name, labels);
            Ok(checkpoint::load_with_head(Path::new(from), &head, seed, device)?.pretrained.model)
        }
        None => Ok(spec.initialized(seed, device)),
    }
}

/// Checks the settings of a new run.
pub(super) fn check_settings(settings: &TrainSettings) -> Result<()> {
    match settings.problem() {
        Some(problem) => Err(usage(problem)),
        None => Ok(()),
    }
}
