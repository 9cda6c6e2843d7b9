//! Runs one job: trains a model on a task, and scores it.

mod training;

use std::time::Instant;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use zoo_kernels::memory;

use super::job::{Job, Record};
use super::measuring::Measured;
use super::scoring::{Split, score};
use super::sizing::TypicalWorkload;
use super::task_objective::TaskObjective;
use crate::datasets::task::{Example, Metric, Task};
use crate::models::checkpoint::{Model, ModelSpec};
use crate::models::families;
use crate::report::rounded;
use crate::report::study::{CurvePoint, Outcome, Speed};
use crate::train::adamw::AdamW;
use crate::train::{
    Decay, LossSum, Objective, Prediction, Progress, Schedule, TrainLoop, TrainStep,
};
use training::Training;

/// The batch size of evaluation.
const EVALUATION_BATCH: usize = 64;

/// A progress event of a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerEvent {
    /// A training step.
    Step {
        /// The share of the run that is done.
        done: f64,
        /// The mean loss of the step, in nats.
        loss: f64,
    },
    /// The validation split was scored.
    Point(CurvePoint),
    /// The run started to score the test split.
    Testing,
    /// The run ended.
    Over(Box<Record>),
    /// A measurement ended.
    Measured(Box<Measured>),
}

/// Why a run did not finish.
enum Stop {
    Diverged { step: usize, reason: String },
    Failed(String),
}

/// Trains and scores a model. `device` is the device that the job names; `tell` receives the
/// progress events.
pub fn work(job: Job, task: &Task, device: &Device, tell: &mut dyn FnMut(WorkerEvent)) -> Record {
    let began = Instant::now();
    let run = Run { job: &job, task, device: device.clone().autodiff() };
    let mut curve = Vec::new();
    let mut speed = Speed::default();
    let outcome = match run.go(&mut curve, &mut speed, tell) {
        Ok(outcome) => outcome,
        Err(Stop::Diverged { step, reason }) => Outcome::Diverged { step, reason },
        Err(Stop::Failed(reason)) => Outcome::Failed { reason },
    };
    Record { outcome, curve, seconds: began.elapsed().as_secs_f64(), speed, job }
}

struct Run<'a> {
    job: &'a Job,
    task: &'a Task,
    device: Device,
}

/// The best model so far.
struct Best {
    /// Its score on the validation split.
    validation: f64,
    model: Model,
}

impl<'a> Run<'a> {
    fn go(
        &self,
        curve: &mut Vec<CurvePoint>,
        speed: &mut Speed,
        tell: &mut dyn FnMut(WorkerEvent),
    ) -> Result<Outcome, Stop> {
        let Job { training, scored, seed, .. } = self.job;
        let failed = |error: &dyn std::fmt::Display| Stop::Failed(error.to_string());
        let family = families::find(&self.job.architecture).map_err(|error| failed(&error))?;
        let model_spec = ModelSpec::new(family, self.job.config.clone());
        let model_spec = model_spec.map_err(|error| failed(&error))?;
        memory::keep();
        let model = model_spec.initialized(*seed, &self.device);
        let objective = TaskObjective::new(self.task, self.job.objective, &model);
        let flops = TypicalWorkload::of(self.task, self.job.objective)
            .flops(&model_spec.architecture.backbone)
            .train;
        let mut callbacks = Training {
            run: self,
            objective,
            flops,
            curve,
            loss: LossSum::ZERO,
            first_loss: None,
            best: None,
            reported: Instant::now(),
            tell: &mut *tell,
            next: 0,
        };
        let mut train_loop = TrainLoop {
            step: TrainStep {
                clip: Some(training.clip),
                ..TrainStep::new(AdamW::new(training.optimizer))
            },
            accumulate: 1,
            length: training.length,
            seed: *seed,
            progress: Progress::default(),
        };
        train_loop.run(model, &mut callbacks).map_err(|failed| failed.error)?;
        let Progress { tokens, time, .. } = train_loop.progress;
        speed.train_tokens = Some(tokens as f64 / time.as_secs_f64());
        speed.train_bytes = crate::system::peak_memory();
        let Some(Best { validation, model }) = callbacks.best else {
            return Err(Stop::Failed(
                "no evaluation was run: evaluations must be 1 or more".into(),
            ));
        };
        if scored.test.is_none() {
            return Ok(Outcome::Finished { test: validation, validation, secondary: Vec::new() });
        }
        tell(WorkerEvent::Testing);
        let (test, secondary) = self.test(objective, &model)?;
        Ok(Outcome::Finished { test, validation, secondary })
    }

    /// The learning-rate schedule of the run.
    fn schedule(&self) -> Schedule {
        let Job { training, rate, .. } = self.job;
        Schedule {
            peak: *rate,
            minimum: *rate * training.decay,
            warmup: (training.warmup * SCHEDULE_STEPS as f64) as usize,
            steps: SCHEDULE_STEPS,
            decay: Decay::Cosine,
        }
    }

    fn validation(&self) -> Split<'a> {
        let count = self.job.scored.validation;
        split(&self.task.validation, &self.task.answers.validation, count)
    }

    fn score(
        &self,
        metric: Metric,
        predictions: &[Prediction],
        split: Split<'_>,
    ) -> Result<f64, Stop> {
        let score = score(self.task, metric, predictions, split).map(rounded);
        score.map_err(|error| Stop::Failed(error.to_string()))
    }

    /// The score on the test split, and the secondary scores.
    fn test(&self, objective: TaskObjective<'_>, model: &Model) -> Result<(f64, Vec<f64>), Stop> {
        let count = self.job.scored.test.unwrap_or(0);
        let split = split(&self.task.test, &self.task.answers.test, count);
        let predictions = predictions(objective, model, split)?;
        let score = |metric| self.score(metric, &predictions, split);
        let also = self.task.also.iter().map(|metric| score(*metric));
        Ok((score(self.task.score)?, also.collect::<Result<_, _>>()?))
    }
}

/// The predictions on a split.
fn predictions(
    objective: TaskObjective<'_>,
    model: &Model,
    split: Split<'_>,
) -> Result<Vec<Prediction>, Stop> {
    let mut predictions = Vec::with_capacity(split.examples.len());
    for some in split.examples.chunks(EVALUATION_BATCH) {
        let predicted = objective.predict(model, some);
        predictions.extend(predicted.map_err(|error| Stop::Failed(error.to_string()))?);
    }
    Ok(predictions)
}

/// The resolution of the learning-rate schedule, independent of the number of training steps.
const SCHEDULE_STEPS: usize = 1 << 20;

/// The first examples of a split.
fn split<'a>(examples: &'a [Example], texts: &'a [String], count: usize) -> Split<'a> {
    Split {
        examples: &examples[..count.min(examples.len())],
        texts: &texts[..count.min(texts.len())],
    }
}
