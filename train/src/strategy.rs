//! The training loop as a strategy of burn-train: it is step-based and uses burn-train's dashboard,
//! metrics and interrupter.

use std::sync::{Arc, Mutex};

use burn::train::{
    Learner, SupervisedLearningStrategy, SupervisedTrainingEventProcessor, TrainLoader,
    TrainingComponents, ValidLoader,
};
use serde_json::Value;
use zoo_models::checkpoint::Model;
use zoo_models::families::Family;

use crate::ema::Ema;
use crate::error::TrainError;
use crate::learned_model::LearnedModel;
use crate::log::Log;
use crate::run_dir::RunDir;
use crate::settings::TrainSettings;
use crate::step_loop::{Reporter, RunCallbacks};
use crate::tensorboard::{EventFile, TENSORBOARD};
use crate::train_data::TrainData;
use crate::train_loop::{Failed, TrainLoop};
use crate::validations::Validations;

type Processor = SupervisedTrainingEventProcessor<LearnedModel>;

/// The training loop and its state.
pub(crate) struct StepStrategy {
    /// The settings that determine the results.
    pub(crate) settings: TrainSettings,
    /// The run directory for checkpoints.
    pub(crate) run: RunDir,
    /// The model's family.
    pub(crate) family: &'static Family,
    /// The model's `config.json`.
    pub(crate) config: Value,
    /// The data, which also scores the model.
    pub(crate) data: Arc<dyn TrainData>,
    /// The restored state, and the state at the end of the run.
    pub(crate) progress: Arc<Mutex<RunProgress>>,
}

/// The state of a run that training changes.
#[derive(Debug)]
pub(crate) struct RunProgress {
    /// The loop, with its optimizer.
    pub(crate) run: TrainLoop,
    /// The results of validations.
    pub(crate) validations: Validations,
    /// The averages of the weights.
    pub(crate) ema: Option<Ema>,
    /// Why the loop stopped before the last step.
    pub(crate) stopped: Option<Stop>,
}

/// Why the loop stopped before the last step.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The user interrupted it; the run is saved.
    Interrupted,
    /// Its validations got no better; the run is saved.
    Early,
    /// It failed.
    Failed(TrainError),
}

impl StepStrategy {
    /// The log, to continue after `step` or from the beginning.
    fn log(&self, step: Option<usize>) -> Result<Log, TrainError> {
        let log = Log::open(&self.run.metrics(), step)?;
        Ok(match self.settings.tensorboard {
            true => log.with_events(EventFile::open(&self.run.path().join(TENSORBOARD), step)?),
            false => log,
        })
    }
}

impl SupervisedLearningStrategy<LearnedModel> for StepStrategy {
    fn fit(
        &self,
        components: TrainingComponents<LearnedModel>,
        learner: Learner<LearnedModel>,
        train: TrainLoader<LearnedModel>,
        valid: ValidLoader<LearnedModel>,
        _starting_epoch: usize,
    ) -> (LearnedModel, Processor) {
        let LearnedModel { model } = learner.model();
        // The learner would keep the first weights alive beside the current ones.
        drop(learner);
        let mut progress = self.progress.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let RunProgress { run, validations, ema, stopped } = &mut *progress;
        let step = run.progress.step;
        let (processor, interrupter) = (components.event_processor, components.interrupter);
        let is_validated = validations.valid_loss.is_some();
        let log = match self.log((step > 0 || is_validated).then_some(step)) {
            Ok(log) => log,
            Err(error) => {
                *stopped = Some(Stop::Failed(error));
                return (LearnedModel { model }, processor);
            }
        };
        let mut callbacks = RunCallbacks {
            strategy: self,
            validations,
            reporter: Reporter { processor, interrupter, epoch: None },
            log,
            batches: train.iter(),
            validation: &valid,
            ema,
            saved_step: (step > 0).then_some(step),
            stopped: None,
        };
        let must_validate = self.settings.eval_at_start && step == 0 && !is_validated;
        let validated = match must_validate {
            true => callbacks.validate_at_start(run, &model),
            false => Ok(()),
        };
        let trained = match validated {
            Ok(()) => run.run(model, &mut callbacks),
            Err(error) => Err(Failed { model: Box::new(model), error }),
        };
        let model: Model = match trained {
            Ok(model) => model,
            Err(Failed { model, error }) => {
                callbacks.stopped = Some(Stop::Failed(error));
                *model
            }
        };
        *stopped = callbacks.stopped.take();
        (LearnedModel { model }, callbacks.reporter.processor)
    }
}
