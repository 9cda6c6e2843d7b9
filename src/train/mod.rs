//! Training: resumable runs.

pub mod adamw;
mod checkpoint;
mod error;
pub mod gradients;
mod lm_model;
pub mod loader;
pub mod log;
pub mod loss_scale;
pub mod metrics;
pub mod renderer;
mod run_dir;
mod schedule;
mod settings;
mod step_loop;
pub mod strategy;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use burn::module::Module;
use burn::optim::SgdConfig;
use burn::tensor::Device;
use burn::train::logger::InMemoryMetricLogger;
use burn::train::renderer::{MetricsRenderer, tui::TuiMetricsRendererWrapper};
use burn::train::{Interrupter, Learner, SupervisedTraining, TrainingStrategy};
use serde::Serialize;
use serde_json::Value;

use crate::datasets::batch::{BatchShape, LmDataset};
use crate::models::backbones::recompute::checkpoint_blocks;
use crate::models::checkpoint::Model;
use crate::models::families::Family;
use crate::models::precision::Precision;
pub use adamw::{AdamW, AdamWConfig};
pub use checkpoint::{Restored, Snapshot, State};
pub use error::TrainError;
pub use lm_model::{BatchLoss, LmModel, LossSum, StepBatch};
use loader::{TrainBatches, ValidBatches};
use loss_scale::LossScale;
use metrics::Gauge;
use renderer::PlainRenderer;
pub use renderer::{RunLength, Verbosity};
pub use run_dir::{METRICS_FILE, RunDir};
pub use schedule::Schedule;
pub use settings::TrainSettings;
use strategy::{RunProgress, StepStrategy, Stop};
use zoo_kernels::memory;

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

/// How progress is displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// burn-train's terminal dashboard.
    Dashboard,
    /// Lines on standard error, or no output.
    Plain(Verbosity),
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

impl State {
    /// The state before the first step.
    pub fn start(precision: Precision) -> Self {
        Self {
            step: 0,
            tokens: 0,
            train_seconds: 0.0,
            valid_loss: None,
            best: None,
            loss_scale: LossScale::start(precision),
        }
    }
}

/// Tokens of a validation batch: enough to utilize a device, even if training batches are small.
const VALID_TOKENS: usize = 4096;

/// Runs a job to its end, or until `interrupter` stops it.
///
/// # Errors
///
/// A NaN or infinite loss; a file that cannot be written. The last checkpoint is unchanged.
pub fn run(
    job: TrainJob,
    display: Display,
    interrupter: &Interrupter,
) -> Result<TrainOutcome, TrainError> {
    let TrainJob { run, settings, data, family, config, model, optimizer, state, device } = job;
    memory::keep();
    let model = if settings.checkpoint_blocks { checkpoint_blocks(model) } else { model };
    let path = run.path().to_path_buf();
    let plan = RunLength {
        first_step: state.step,
        steps: settings.schedule.steps,
        eval_interval: settings.eval_interval,
        verbosity: match display {
            Display::Plain(verbosity) => verbosity,
            Display::Dashboard => Verbosity::Quiet,
        },
    };
    let rounds = plan.steps.div_ceil(plan.eval_interval);
    let rounds_before = plan.first_step / plan.eval_interval;
    let rows = (VALID_TOKENS / settings.context).max(settings.batch_size);
    let train = TrainBatches::new(data.clone(), &settings, plan.first_step);
    let valid = ValidBatches::new(data, BatchShape { rows, context: settings.context });

    let progress = Arc::new(Mutex::new(RunProgress { optimizer, state, stopped: None }));
    let strategy = Arc::new(StepStrategy { settings, run, family, config, device, progress });
    let training = SupervisedTraining::<LmModel>::new(&path, Arc::new(train), Arc::new(valid))
        .metric_train_numeric(Gauge::loss())
        .metric_valid_numeric(Gauge::loss())
        .metric_train_numeric(Gauge::speed())
        .metric_train_numeric(Gauge::gradient_norm())
        .metric_train_numeric(Gauge::learning_rate())
        .num_epochs(rounds)
        .checkpoint(rounds_before)
        .with_interrupter(interrupter.clone())
        .with_application_logger(None)
        // metrics.jsonl is the log; without an in-memory logger, burn-train writes a directory per
        // round.
        .with_metric_logger(InMemoryMetricLogger::default())
        .renderer(renderer(display, plan, interrupter, rounds_before))
        .with_training_strategy(TrainingStrategy::Custom(strategy.clone()));
    // The strategy has its own optimizer, but burn-train's learner requires one.
    let learner = Learner::new(LmModel { model }, SgdConfig::new().init(), 0.0);
    let model = launch(training, learner, &path)?;

    let mut progress = strategy.progress.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let ending = match progress.stopped.take() {
        Some(Stop::Failed(error)) => return Err(error),
        Some(Stop::Interrupted) => Ending::Interrupted,
        None => Ending::Finished,
    };
    Ok(TrainOutcome { ending, state: progress.state.clone(), model: model.model, path })
}

fn renderer(
    display: Display,
    plan: RunLength,
    interrupter: &Interrupter,
    rounds_before: usize,
) -> Box<dyn MetricsRenderer> {
    match display {
        Display::Dashboard => {
            let wrapper = TuiMetricsRendererWrapper::new(interrupter.clone(), Some(rounds_before));
            crate::system::deliver_interrupts();
            Box::new(wrapper)
        }
        Display::Plain(_) => Box::new(PlainRenderer::new(plan)),
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
    std::panic::catch_unwind(launch).map_err(|payload| {
        match crate::system::panic_message(payload.as_ref()) {
            Some(message) if message.contains("Killing training from user input") => {
                TrainError::Killed(path.to_path_buf())
            }
            _ => std::panic::resume_unwind(payload),
        }
    })
}
