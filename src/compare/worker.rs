//! Runs one job: trains a model on a task, and scores it.

mod data;
mod training;
mod weights;

use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use zoo_kernels::memory;

use super::job::{Job, Record};
use super::measuring::Measured;
use super::pretrained::PretrainedStart;
use super::scoring::{Split, score};
use super::sizing::TypicalWorkload;
use super::task_objective::TaskObjective;
use crate::datasets::task::{Example, Metric, Task};
use crate::models::checkpoint::{Model, ModelSpec, Pretrained};
use crate::models::families;
use crate::report::rounded;
use crate::report::study::{CurvePoint, Outcome, Speed};
use crate::train::adamw::AdamW;
use crate::train::{
    Decay, LossSum, Objective, Prediction, Progress, Schedule, TrainLoop, TrainStep,
};
use data::{CheckpointData, RunData, TaskData};
use training::Training;
use weights::save;

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

/// Trains and scores a model. `device` is the device that the job names; `weights` is the folder
/// that the best weights are written to, with their tokenizer; `tell` receives the progress events.
pub fn work(
    job: Job,
    task: &Task,
    device: &Device,
    weights: Option<&Path>,
    tell: &mut dyn FnMut(WorkerEvent),
) -> Record {
    let began = Instant::now();
    let run = Run { job: &job, task, device: device.clone().autodiff(), weights };
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
    weights: Option<&'a Path>,
}

/// The best model so far.
struct Best {
    /// Its score on the validation split; its loss in a learning-rate trial.
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
        let (job, task) = (self.job, self.task);
        let failed = |error: &dyn std::fmt::Display| Stop::Failed(error.to_string());
        memory::keep();
        if let Some(init_from) = &job.init_from {
            let start = PretrainedStart::reopen(init_from).map_err(|error| failed(&error))?;
            let with_head = start.model(task, job.seed, &self.device);
            let with_head = with_head.map_err(|error| failed(&error))?;
            let encoded = start.encode(task, &with_head).map_err(|error| failed(&error))?;
            let Pretrained { spec, model } = with_head.pretrained;
            let data = CheckpointData { task, encoded: &encoded };
            return self.learn(Learner { model, spec, data }, curve, speed, tell);
        }
        let family = families::find(&job.architecture).map_err(|error| failed(&error))?;
        let spec = ModelSpec::new(family, job.config.clone()).map_err(|error| failed(&error))?;
        let model = spec.initialized(job.seed, &self.device);
        let data = TaskData { task, objective: TaskObjective::new(task, job.objective, &model) };
        self.learn(Learner { model, spec, data }, curve, speed, tell)
    }

    /// Trains and scores a model.
    fn learn<'d, D: RunData<'d>>(
        &self,
        learner: Learner<D>,
        curve: &mut Vec<CurvePoint>,
        speed: &mut Speed,
        tell: &mut dyn FnMut(WorkerEvent),
    ) -> Result<Outcome, Stop> {
        let Job { training, scored, seed, .. } = self.job;
        let failed = |error: &dyn std::fmt::Display| Stop::Failed(error.to_string());
        let Learner { model, spec, data } = learner;
        let typical = TypicalWorkload::of(self.task, self.job.objective);
        let flops = typical.flops(&spec.architecture.backbone).train;
        let mut callbacks = Training {
            run: self,
            data,
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
        if let Some(folder) = self.weights {
            save(folder, &model, &spec, data.tokenizer()).map_err(|error| failed(&error))?;
        }
        tell(WorkerEvent::Testing);
        let (test, secondary) = self.test(data, &model)?;
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

    fn score<'d, D: RunData<'d>>(
        &self,
        data: D,
        metric: Metric,
        predictions: &[Prediction],
        split: Split<'_>,
    ) -> Result<f64, Stop> {
        let decode = |tokens: &[u32]| data.text(tokens);
        let score = score(self.task, metric, predictions, split, &decode).map(rounded);
        score.map_err(|error| Stop::Failed(error.to_string()))
    }

    /// The score on the test split, and the secondary scores.
    fn test<'d, D: RunData<'d>>(&self, data: D, model: &Model) -> Result<(f64, Vec<f64>), Stop> {
        let count = self.job.scored.test.unwrap_or(0);
        let split = split(&self.task.test, &self.task.answers.test, count);
        let predictions = predictions(data, model, data.test(), split)?;
        let score = |metric| self.score(data, metric, &predictions, split);
        let also = self.task.also.iter().map(|metric| score(*metric));
        Ok((score(self.task.score)?, also.collect::<Result<_, _>>()?))
    }
}

/// A model with what it learns.
struct Learner<D> {
    model: Model,
    spec: ModelSpec,
    data: D,
}

/// The predictions for the first examples, as many as the split has.
fn predictions<'d, D: RunData<'d>>(
    data: D,
    model: &Model,
    examples: &[<D::Objective as Objective>::Example],
    split: Split<'_>,
) -> Result<Vec<Prediction>, Stop> {
    let mut predictions = Vec::with_capacity(split.examples.len());
    for some in examples[..split.examples.len()].chunks(EVALUATION_BATCH) {
        let predicted = data.objective().predict(model, some);
        predictions.extend(predicted.map_err(|error| Stop::Failed(error.to_string()))?);
    }
    let pairs = predictions.into_iter().zip(split.examples);
    Ok(pairs.map(|(prediction, example)| data.of_task(prediction, &example.target)).collect())
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
