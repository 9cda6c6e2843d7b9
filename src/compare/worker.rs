//! Runs one job: trains a model on a task, and scores it.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use zoo_kernels::memory;
use zoo_kernels::seed::mix;

use super::batch::Batch;
use super::job::{Job, Length, Record};
use super::measuring::Measured;
use super::objective::ObjectiveKind;
use super::scoring::{Split, score};
use super::sizing::TypicalWorkload;
use super::task_model::TaskModel;
use crate::datasets::task::{Example, Task};
use crate::models::checkpoint::ModelSpec;
use crate::models::families;
use crate::report::rounded;
use crate::report::study::{CurvePoint, Outcome, Speed};
use crate::train::BatchLoss;
use crate::train::Schedule;
use crate::train::adamw::{AdamW, Update};
use crate::train::gradients::gradient_norm;

/// A run has diverged when its loss exceeds this multiple of the first step's loss.
const RUNAWAY: f64 = 4.0;

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
    let mut run = Run {
        job: &job,
        task,
        device: device.clone().autodiff(),
        progress: Progress::default(),
        curve: Vec::new(),
        speed: Speed::default(),
    };
    let outcome = match run.go(tell) {
        Ok(outcome) => outcome,
        Err(Stop::Diverged { step, reason }) => Outcome::Diverged { step, reason },
        Err(Stop::Failed(reason)) => Outcome::Failed { reason },
    };
    let Run { curve, speed, .. } = run;
    Record { outcome, curve, seconds: began.elapsed().as_secs_f64(), speed, job }
}

struct Run<'a> {
    job: &'a Job,
    task: &'a Task,
    device: Device,
    progress: Progress,
    curve: Vec<CurvePoint>,
    speed: Speed,
}

/// The state of training.
#[derive(Default)]
struct Progress {
    step: usize,
    tokens: u64,
    /// Training time, without evaluation.
    time: Duration,
    /// The sum of the losses since the last point, in nats.
    nats: f64,
    /// The number of targets since the last point.
    targets: usize,
    first_loss: Option<f64>,
}

impl Run<'_> {
    fn go(&mut self, tell: &mut dyn FnMut(WorkerEvent)) -> Result<Outcome, Stop> {
        let Job { training, scored, seed, .. } = self.job;
        let failed = |error: &dyn std::fmt::Display| Stop::Failed(error.to_string());
        let family = families::find(&self.job.architecture).map_err(|error| failed(&error))?;
        let model_spec = ModelSpec::new(family, self.job.config.clone());
        let model_spec = model_spec.map_err(|error| failed(&error))?;
        memory::keep();
        let mut model = TaskModel { model: model_spec.initialized(*seed, &self.device) };
        let flops = TypicalWorkload::of(self.task, self.job.objective)
            .flops(&model_spec.architecture.backbone)
            .train;
        let mut optimizer = AdamW::new(training.optimizer);
        // The best validation score, and the weights that reached it.
        let mut best: Option<(f64, TaskModel)> = None;
        for evaluation in 1..=training.evaluations {
            let until = evaluation as f64 / training.evaluations as f64;
            model = self.train(model, &mut optimizer, until, tell)?;
            let score = self.score(&model.valid(), self.validation(), self.task.score)?;
            let point = point(&mut self.progress, flops, score);
            self.curve.push(point);
            tell(WorkerEvent::Point(point));
            let is_better = best.as_ref().is_none_or(|(best, _)| {
                if self.task.score.higher_is_better() { score > *best } else { score < *best }
            });
            if is_better {
                best = Some((score, model.valid()));
            }
        }
        self.speed.train_tokens =
            Some(self.progress.tokens as f64 / self.progress.time.as_secs_f64());
        self.speed.train_bytes = crate::system::peak_memory();
        let Some((validation, best)) = best else {
            return Err(Stop::Failed(
                "no evaluation was run: evaluations must be 1 or more".into(),
            ));
        };
        if scored.test.is_none() {
            return Ok(Outcome::Finished { test: validation, validation, secondary: Vec::new() });
        }
        tell(WorkerEvent::Testing);
        let (test, secondary) = self.test(&best)?;
        Ok(Outcome::Finished { test, validation, secondary })
    }

    /// Trains until the share `until` of the run is done.
    fn train(
        &mut self,
        mut model: TaskModel,
        optimizer: &mut AdamW,
        until: f64,
        tell: &mut dyn FnMut(WorkerEvent),
    ) -> Result<TaskModel, Stop> {
        let Job { training, seed, objective, .. } = self.job;
        let mut reported = Instant::now();
        while self.done() < until - 1e-9 {
            let began = Instant::now();
            let first = (self.progress.step * training.batch_size) as u64;
            let indices = first..first + training.batch_size as u64;
            let examples: Vec<Example> =
                indices.map(|index| self.task.train(*seed, index)).collect();
            let batch = Batch::new(self.task, *objective, model.start(), &examples);
            // Dropout depends only on the seed and the step, not on earlier steps.
            self.device.seed(mix(*seed, self.progress.step as u64));
            let BatchLoss { sum: loss, targets } = model.loss(&batch);
            let gradients = (loss.clone() / targets.max(1) as f64).backward();
            let gradients = GradientsParams::from_grads(gradients, &model);
            let nats = loss.try_into_scalar::<f64>().unwrap_or(f64::NAN);
            let norm = gradient_norm(&model, &gradients).unwrap_or(f64::NAN);
            let mean = nats / targets.max(1) as f64;
            let step = self.progress.step + 1;
            let first_loss = *self.progress.first_loss.get_or_insert(mean);
            if !mean.is_finite() || !norm.is_finite() {
                let reason = "the loss or its gradient became NaN or infinite".to_string();
                return Err(Stop::Diverged { step, reason });
            }
            if mean > RUNAWAY * first_loss.max(1.0) {
                let reason = format!("the loss rose from {first_loss:.2} to {mean:.2} nats");
                return Err(Stop::Diverged { step, reason });
            }
            let rate = self.schedule().rate((self.done() * SCHEDULE_STEPS as f64) as usize);
            let gradient_scale = (training.clip / norm.max(f64::MIN_POSITIVE)).min(1.0);
            model = optimizer.step(model, gradients, Update { rate, gradient_scale });
            self.progress.step = step;
            self.progress.tokens += batch.tokens() as u64;
            self.progress.nats += nats;
            self.progress.targets += targets;
            self.progress.time += began.elapsed();
            if reported.elapsed() > Duration::from_millis(250) {
                reported = Instant::now();
                tell(WorkerEvent::Step { done: self.done(), loss: mean });
            }
        }
        Ok(model)
    }

    /// The share of the run that is done.
    fn done(&self) -> f64 {
        match self.job.training.length {
            Length::Steps(steps) => self.progress.step as f64 / steps as f64,
            Length::Seconds(seconds) => (self.progress.time.as_secs_f64() / seconds).min(1.0),
        }
    }

    /// The learning-rate schedule of the run.
    fn schedule(&self) -> Schedule {
        let Job { training, rate, .. } = self.job;
        Schedule {
            peak: *rate,
            minimum: *rate * training.decay,
            warmup: (training.warmup * SCHEDULE_STEPS as f64) as usize,
            steps: SCHEDULE_STEPS,
        }
    }

    fn validation(&self) -> Split<'_> {
        let count = self.job.scored.validation;
        split(&self.task.validation, &self.task.answers.validation, count)
    }

    fn score(
        &self,
        model: &TaskModel,
        split: Split<'_>,
        metric: crate::datasets::task::Metric,
    ) -> Result<f64, Stop> {
        let predictions = self.predict(model, split)?;
        score(self.task, metric, &predictions, split)
            .map(rounded)
            .map_err(|error| Stop::Failed(error.to_string()))
    }

    /// The score on the test split, and the secondary scores.
    fn test(&self, model: &TaskModel) -> Result<(f64, Vec<f64>), Stop> {
        let count = self.job.scored.test.unwrap_or(0);
        let split = split(&self.task.test, &self.task.answers.test, count);
        let predictions = self.predict(model, split)?;
        let score = |metric| {
            let score = score(self.task, metric, &predictions, split).map(rounded);
            score.map_err(|error| Stop::Failed(error.to_string()))
        };
        let also = self.task.also.iter().map(|metric| score(*metric));
        Ok((score(self.task.score)?, also.collect::<Result<_, _>>()?))
    }

    fn predict(
        &self,
        model: &TaskModel,
        split: Split<'_>,
    ) -> Result<Vec<super::task_model::Prediction>, Stop> {
        let mut predictions = Vec::with_capacity(split.examples.len());
        for some in split.examples.chunks(EVALUATION_BATCH) {
            let objective: ObjectiveKind = self.job.objective;
            let predicted = model.predict(self.task, objective, some);
            predictions.extend(predicted.map_err(|error| Stop::Failed(error.to_string()))?);
        }
        Ok(predictions)
    }
}

/// The resolution of the learning-rate schedule, independent of the number of training steps.
const SCHEDULE_STEPS: usize = 1 << 20;

/// The point of the training curve at an evaluation; `flops` are the FLOPs per token.
fn point(progress: &mut Progress, flops: f64, validation: f64) -> CurvePoint {
    let nats = std::mem::take(&mut progress.nats);
    let loss = nats / std::mem::take(&mut progress.targets) as f64;
    CurvePoint {
        step: progress.step,
        tokens: progress.tokens,
        flops: flops * progress.tokens as f64,
        seconds: progress.time.as_secs_f64(),
        train_loss: loss.is_finite().then_some(loss),
        validation: validation.is_finite().then_some(validation),
    }
}

/// The first examples of a split.
fn split<'a>(examples: &'a [Example], texts: &'a [String], count: usize) -> Split<'a> {
    Split {
        examples: &examples[..count.min(examples.len())],
        texts: &texts[..count.min(texts.len())],
    }
}
