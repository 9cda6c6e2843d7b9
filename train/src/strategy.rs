//! The training loop as a strategy of burn-train: it is step-based and uses burn-train's dashboard,
//! metrics and interrupter.

use std::sync::{Arc, Mutex};

use burn::tensor::Device;
use burn::train::{
    Learner, SupervisedLearningStrategy, SupervisedTrainingEventProcessor, TrainLoader,
    TrainingComponents, ValidLoader,
};
use serde_json::Value;
use zoo_models::families::Family;

use crate::adamw::AdamW;
use crate::checkpoint::State;
use crate::error::TrainError;
use crate::lm_model::LmModel;
use crate::run_dir::RunDir;
use crate::settings::TrainSettings;
use crate::step_loop::{Reporter, StepLoop};

type Processor = SupervisedTrainingEventProcessor<LmModel>;

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
    /// The autodiff device.
    pub(crate) device: Device,
    /// The restored state, and the state at the end of the run.
    pub(crate) progress: Arc<Mutex<RunProgress>>,
}

/// The state of a run that training changes.
#[derive(Debug)]
pub(crate) struct RunProgress {
    /// The optimizer.
    pub(crate) optimizer: AdamW,
    /// The progress of the run.
    pub(crate) state: State,
    /// Why the loop stopped before the last step.
    pub(crate) stopped: Option<Stop>,
}

/// Why the loop stopped before the last step.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The user interrupted it; the run is saved.
    Interrupted,
    /// It failed.
    Failed(TrainError),
}

impl SupervisedLearningStrategy<LmModel> for StepStrategy {
    fn fit(
        &self,
        components: TrainingComponents<LmModel>,
        learner: Learner<LmModel>,
        train: TrainLoader<LmModel>,
        valid: ValidLoader<LmModel>,
        _starting_epoch: usize,
    ) -> (LmModel, Processor) {
        let model = learner.model();
        // The learner would keep the first weights alive beside the current ones.
        drop(learner);
        let mut progress = self.progress.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let reporter =
            Reporter { processor: components.event_processor, interrupter: components.interrupter };
        let mut run = StepLoop::new(self, &mut progress, reporter);
        let model = run.go(model, &train, &valid);
        (model, run.into_processor())
    }
}
