//! The training loop, as burn-train's strategy: it counts in steps, and burn-train's dashboard,
//! metrics and interrupter are around it.

use std::sync::{Arc, Mutex};

use burn::tensor::Device;
use burn::train::{
    Learner, SupervisedLearningStrategy, SupervisedTrainingEventProcessor, TrainLoader,
    TrainingComponents, ValidLoader,
};
use serde_json::Value;

use super::adamw::AdamW;
use super::checkpoint::State;
use super::error::TrainError;
use super::lm_model::LmModel;
use super::run_dir::RunDir;
use super::settings::Settings;
use super::step_loop::{Reporter, StepLoop};
use crate::models::families::Family;

type Processor = SupervisedTrainingEventProcessor<LmModel>;

/// The loop, and what it changes.
pub struct StepStrategy {
    /// Everything that decides the numbers.
    pub settings: Settings,
    /// Where checkpoints go.
    pub run: RunDir,
    /// The family and the `config.json`.
    pub described: (&'static Family, Value),
    /// The device, with gradients.
    pub device: Device,
    /// What resuming restored, and what the run ends with.
    pub progress: Arc<Mutex<RunProgress>>,
}

/// What a run goes on from, and ends with.
#[derive(Debug)]
pub struct RunProgress {
    /// The optimizer.
    pub optimizer: AdamW,
    /// Where the run stands.
    pub state: State,
    /// Why the loop ended before the last step.
    pub stopped: Option<Stop>,
}

/// Why a loop ended before the last step.
#[derive(Debug)]
pub enum Stop {
    /// The user asked for it; the run is saved.
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
