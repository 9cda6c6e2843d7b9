//! A training job: what a run needs, its loop, and its result.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use burn::module::Module;
use burn::optim::SgdConfig;
use burn::train::logger::InMemoryMetricLogger;
use burn::train::renderer::MetricsRenderer;
use burn::train::{Interrupter, Learner, SupervisedTraining, TrainingStrategy};
use serde::Serialize;
use serde_json::Value;
use zoo_kernels::memory;
use zoo_models::backbones::recompute::checkpoint_blocks;
use zoo_models::checkpoint::{Model, ModelSpec};
use zoo_models::families::Family;

use crate::checkpoint::State;
use crate::display::Display;
use crate::ema::Ema;
use crate::error::TrainError;
use crate::freeze::Frozen;
use crate::learned_model::LearnedModel;
use crate::loader::{TrainPasses, ValidationLoader};
use crate::metrics::Gauge;
use crate::optimizer::Optimizer;
use crate::process::panic_message;
use crate::renderer::{PlainRenderer, RunLength};
use crate::run_dir::RunDir;
use crate::settings::TrainSettings;
use crate::strategy::{RunProgress, StepStrategy, Stop};
use crate::train_data::TrainData;
use crate::train_loop::{TrainLength, TrainLoop};
use crate::train_step::TrainStep;

/// A training job.
pub struct TrainJob {
    /// The run directory.
    pub run: RunDir,
    /// The settings that determine the results.
    pub settings: TrainSettings,
    /// The data.
    pub data: Arc<dyn TrainData>,
    /// The model's family.
    pub family: &'static Family,
    /// The model's `config.json`.
    pub config: Value,
    /// The model on an autodiff device.
    pub model: Model,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// The progress of the run.
    pub state: State,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// All steps are done.
    Finished,
    /// Its validations got no better for longer than its patience.
    Early,
    /// The user interrupted it; it is saved and can be resumed.
    Interrupted,
}

/// The result of a run.
#[derive(Debug)]
pub struct TrainOutcome {
    /// How the run ended.
    pub ending: Ending,
    /// The progress of the run.
    pub state: State,
    /// The model without autodiff; of a run with averages, the averages.
    pub model: Model,
    /// The run directory.
    pub path: PathBuf,
}

impl TrainJob {
    /// Runs the job to its end, or until `interrupter` stops it.
    ///
    /// # Errors
    ///
    /// A NaN or infinite loss; a file that cannot be written. The last checkpoint is unchanged.
    pub fn run(
        self,
        display: Display,
        interrupter: &Interrupter,
    ) -> Result<TrainOutcome, TrainError> {
        let Self { run, settings, data, family, config, model, optimizer, state } = self;
        memory::keep();
        let model = match &settings.freeze {
            Some(pattern) => {
                let spec = ModelSpec::new(family, config.clone()).map_err(TrainError::data)?;
                Frozen::find(pattern, &spec, &model).map_err(TrainError::data)?.freeze(model)
            }
            None => model,
        };
        let ema = match settings.ema {
            Some(decay) => {
                let averaged = run.averaged(&model.backbone().device().inner())?;
                Some(Ema::new(decay, averaged.unwrap_or_else(|| model.valid())))
            }
            None => None,
        };
        let model = if settings.checkpoint_blocks { checkpoint_blocks(model) } else { model };
        let path = run.path().to_path_buf();
        let length = RunLength {
            first_step: state.step,
            steps: settings.schedule.steps,
            eval_interval: settings.eval_interval,
        };
        let renderer: Box<dyn MetricsRenderer> = match display {
            #[cfg(feature = "dashboard")]
            Display::Dashboard => crate::dashboard::renderer(length, interrupter),
            Display::Plain(verbosity) => Box::new(PlainRenderer::new(length, verbosity)),
        };
        let train = TrainPasses::new(data.clone(), &settings, length.first_step);
        let valid = ValidationLoader::new(data.clone());

        let run_loop = TrainLoop {
            step: TrainStep {
                optimizer,
                clip: settings.clip,
                label_smoothing: settings.label_smoothing,
                precision: settings.dtype,
                loss_scale: state.loss_scale,
            },
            accumulate: settings.accumulate,
            length: TrainLength::Steps(settings.schedule.steps),
            seed: settings.seed,
            progress: state.progress(),
        };
        let progress =
            RunProgress { run: run_loop, validations: state.validations, ema, stopped: None };
        let progress = Arc::new(Mutex::new(progress));
        let strategy = Arc::new(StepStrategy { settings, run, family, config, data, progress });
        let training =
            SupervisedTraining::<LearnedModel>::new(&path, Arc::new(train), Arc::new(valid))
                .metric_train_numeric(Gauge::loss())
                .metric_valid_numeric(Gauge::loss())
                .metric_train_numeric(Gauge::speed())
                .metric_train_numeric(Gauge::gradient_norm())
                .metric_train_numeric(Gauge::learning_rate())
                .num_epochs(length.rounds())
                .checkpoint(length.rounds_before())
                .with_interrupter(interrupter.clone())
                .with_application_logger(None)
                // metrics.jsonl is the log; without an in-memory logger, burn-train writes a directory
                // per round.
                .with_metric_logger(InMemoryMetricLogger::default())
                .renderer(renderer)
                .with_training_strategy(TrainingStrategy::Custom(strategy.clone()));
        // The strategy has its own optimizer, but burn-train's learner requires one.
        let learner = Learner::new(LearnedModel { model }, SgdConfig::new().init(), 0.0);
        let model = launch(training, learner, &path)?;

        let mut progress = strategy.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let ending = match progress.stopped.take() {
            Some(Stop::Failed(error)) => return Err(error),
            Some(Stop::Interrupted) => Ending::Interrupted,
            Some(Stop::Early) => Ending::Early,
            None => Ending::Finished,
        };
        let state = State::of(&progress.run, &progress.validations);
        let model = progress.ema.take().map_or(model.model, |ema| ema.model);
        Ok(TrainOutcome { ending, state, model, path })
    }
}

/// Starts burn-train. Its dashboard's "stop immediately" panics, which is not an error of the
/// program.
fn launch(
    training: SupervisedTraining<LearnedModel>,
    learner: Learner<LearnedModel>,
    path: &Path,
) -> Result<LearnedModel, TrainError> {
    let launch = std::panic::AssertUnwindSafe(|| training.launch(learner).model.valid());
    std::panic::catch_unwind(launch).map_err(|payload| match panic_message(payload.as_ref()) {
        Some(message) if message.contains("Killing training from user input") => {
            TrainError::Killed(path.to_path_buf())
        }
        _ => std::panic::resume_unwind(payload),
    })
}
