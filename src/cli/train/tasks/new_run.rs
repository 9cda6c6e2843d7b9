//! Creates a run that learns a task, and resumes one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use burn::tensor::Device;

use super::super::super::Global;
use super::super::super::companions::set_dtype;
use super::super::args::TrainArgs;
use super::super::growth::as_large;
use super::super::prepare::Opened;
use super::super::settings::frozen;
use super::super::start::note_new;
use super::super::{classify, recipe};
use super::start::LoadedStart;
use crate::models::checkpoint::{self, HeadFor, Model, ModelSpec};
use crate::models::precision::Precision;
use crate::train::tuning::head_for;
use crate::train::{RunDir, State, TaskSettings, TrainData, TrainError, TrainJob, TrainSettings};

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
        args: &TrainArgs,
        fill: impl Fn(&Path) -> Result<()>,
    ) -> Result<TrainJob> {
        let Self { out, settings, start: LoadedStart { spec, model, new }, data, unit } = self;
        let frozen = frozen(&settings, &spec, &model)?;
        if settings.init_from.is_some() {
            note_new(global, &new);
        }
        let ModelSpec { family, mut config, .. } = spec;
        // The weights of a run are f32, whatever the initial model had.
        set_dtype(&mut config, Precision::F32);
        let run = RunDir::create(&out, &settings, |folder| {
            checkpoint::write_config(folder, &config)?;
            recipe::write(folder, args, &settings)?;
            fill(folder).map_err(|error| TrainError::Burn(format!("{error:#}")))
        })
        .map_err(classify)?;
        global.note(&format!(
            "{}: {} parameters{frozen}, {} steps of {} {unit}, in {}",
            family.name(),
            crate::system::count(crate::models::parameters::count(&model) as u64),
            settings.schedule.steps,
            settings.batch_size * settings.accumulate,
            out.display(),
        ));
        let (optimizer, state) = (settings.new_optimizer(&model), State::start(settings.dtype));
        Ok(TrainJob { run, settings, data, family, config, model, optimizer, state })
    }
}

/// Checks that data with this fingerprint are those of the run.
pub(super) fn check_data(settings: &TrainSettings, found: String) -> Result<()> {
    if found == settings.data_fingerprint {
        return Ok(());
    }
    Err(classify(TrainError::OtherData {
        data: settings.data.clone(),
        expected: settings.data_fingerprint.clone(),
        found,
    }))
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
            let dropout = opened.settings.dropout;
            let head = HeadFor { dropout, ..head_for(spec.family, task.name, labels) };
            let loaded = checkpoint::load_with_head(Path::new(from), &head, seed, device)?;
            Ok(as_large(loaded.pretrained, spec, seed, device)?.model)
        }
        None => Ok(spec.initialized(seed, device)),
    }
}
