//! A training job: what a run needs, its loop, and its result.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use burn::module::Module;
use burn::optim::SgdConfig;
use burn::tensor::Device;
use burn::train::logger::InMemoryMetricLogger;
use burn::train::renderer::MetricsRenderer;
use burn::train::{Interrupter, Learner, SupervisedTraining, TrainingStrategy};
use serde::Serialize;
use serde_json::Value;
use zoo_datasets::batch::{BatchShape, LmDataset};
use zoo_kernels::memory;
use zoo_models::backbones::recompute::checkpoint_blocks;
use zoo_models::checkpoint::Model;
use zoo_models::families::Family;

use crate::adamw::AdamW;
use crate::checkpoint::State;
use crate::display::Display;
use crate::error::TrainError;
use crate::lm_model::LmModel;
use crate::loader::{TrainBatches, ValidBatches};
use crate::metrics::Gauge;
use crate::process::panic_message;
use crate::renderer::{PlainRenderer, RunLength};
use crate::run_dir::RunDir;
use crate::settings::TrainSettings;
use crate::strategy::{RunProgress, StepStrategy, Stop};

/// A training job.
pub struct TrainJob {
    /// The run directory.
    pub run: RunDir,
    /// The settings that determine the results.
    pub settings: TrainSettings,
    /// The data.
    pub data: Arc<LmDataset>,
    /// The model's family.
    pub family: &'static Family,
    /// The model's `config.json`.
    pub config: Value,
    /// The model on an autodiff device.
    pub model: Model,
    /// The optimizer.
    pub optimizer: AdamW,
    /// The progress of the run.
    pub state: State,
    /// The autodiff device.
    pub device: Device,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// All steps are done.
    Finished,
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
    /// The model without autodiff.
    pub model: Model,
    /// The run directory.
    pub path: PathBuf,
}

/// Tokens of a validation batch: enough to utilize a device, even if training batches are small.
const VALID_TOKENS: usize = 4096;

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
        let Self { run, settings, data, family, config, model, optimizer, state, device } = self;
        memory::keep();
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
        let rows = (VALID_TOKENS / settings.context).max(settings.batch_size);
        let train = TrainBatches::new(data.clone(), &settings, length.first_step);
        let valid = ValidBatches::new(data, BatchShape { rows, context: settings.context });

        let progress = Arc::new(Mutex::new(RunProgress { optimizer, state, stopped: None }));
        let strategy = Arc::new(StepStrategy { settings, run, family, config, device, progress });
        let training = SupervisedTraining::<LmModel>::new(&path, Arc::new(train), Arc::new(valid))
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
        let learner = Learner::new(LmModel { model }, SgdConfig::new().init(), 0.0);
        let model = launch(training, learner, &path)?;

        let mut progress = strategy.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let ending = match progress.stopped.take() {
            Some(Stop::Failed(error)) => return Err(error),
            Some(Stop::Interrupted) => Ending::Interrupted,
            None => Ending::Finished,
        };
        Ok(TrainOutcome { ending, state: progress.state.clone(), model: model.model, path })
    }
}

/// Starts burn-train. Its dashboard's "stop immediately" panics, which is not an error of the
/// program.
fn launch(
    training: SupervisedTraining<LmModel>,
    learner: Learner<LmModel>,
    path: &Path,
) -> Result<LmModel, TrainError> {
    let launch = std::panic::AssertUnwindSafe(|| training.launch(learner).model.valid());
    std::panic::catch_unwind(launch).map_err(|payload| match panic_message(payload.as_ref()) {
        Some(message) if message.contains("Killing training from user input") => {
            TrainError::Killed(path.to_path_buf())
        }
        _ => std::panic::resume_unwind(payload),
    })
}
