//! The training loop of everything that trains.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use burn::tensor::ExecutionError;
use burn::train::ItemLazy;
use serde::{Deserialize, Serialize};
use zoo_kernels::seed::mix;
use zoo_models::checkpoint::Model;

use crate::objective::{LossSum, Pass};
use crate::train_step::{NotFinite, StepAt, Stepped, TrainStep};

/// The length of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainLength {
    /// A number of steps.
    Steps(usize),
    /// As many steps as fit into this many seconds of training.
    Seconds(f64),
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// The number of steps taken.
    pub step: usize,
    /// The number of tokens trained on.
    pub tokens: u64,
    /// Training time, without what callbacks do.
    pub time: Duration,
}

impl TrainLength {
    /// The share of a run that is done, from 0 to 1.
    pub fn done(self, progress: &Progress) -> f64 {
        match self {
            Self::Steps(steps) => progress.step as f64 / steps as f64,
            Self::Seconds(seconds) => (progress.time.as_secs_f64() / seconds).min(1.0),
        }
    }
}

/// Takes steps until the run has its length.
#[derive(Debug, Clone)]
pub struct TrainLoop {
    /// The training step.
    pub step: TrainStep,
    /// The number of passes whose gradients are accumulated in one step.
    pub accumulate: usize,
    /// The length of the run.
    pub length: TrainLength,
    /// The seed of dropout.
    pub seed: u64,
    /// How far the run is.
    pub progress: Progress,
}

/// The result of one step, for callbacks.
#[derive(Debug, Clone, Copy)]
pub struct StepReport {
    /// The loss of the step's passes, before the update.
    pub loss: LossSum,
    /// The global gradient norm before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub rate: f64,
    /// Training speed in tokens per second.
    pub tokens_per_second: f64,
}

impl ItemLazy for StepReport {
    fn sync(self) -> Result<Self, ExecutionError> {
        Ok(self)
    }
}

/// What a run does beside its steps. `'a` is the lifetime of its data.
pub trait Callbacks<'a> {
    /// Why a run fails.
    type Error;

    /// The next pass of the training data.
    ///
    /// # Errors
    ///
    /// The batch cannot be built.
    fn pass(&mut self) -> Result<Box<dyn Pass + 'a>, Self::Error>;

    /// The learning rate of the next step.
    fn rate(&self, run: &TrainLoop) -> f64;

    /// Called before each step.
    fn before_step(&mut self, _run: &TrainLoop) {}

    /// Called after each step; breaks to end the run.
    ///
    /// # Errors
    ///
    /// The run fails.
    fn after_step(
        &mut self,
        run: &TrainLoop,
        model: &Model,
        report: StepReport,
    ) -> Result<ControlFlow<()>, Self::Error>;

    /// The error of a step whose loss or gradient norm is not finite.
    fn not_finite(&self, run: &TrainLoop, value: f64) -> Self::Error;
}

/// A run that failed.
#[derive(Debug)]
pub struct Failed<E> {
    /// The model after the last step that succeeded.
    pub model: Box<Model>,
    /// Why the run failed.
    pub error: E,
}

impl TrainLoop {
    /// Trains until the run has its length or a callback ends the run.
    ///
    /// # Errors
    ///
    /// A callback fails, or a step is not finite.
    pub fn run<'a, C: Callbacks<'a>>(
        &mut self,
        mut model: Model,
        callbacks: &mut C,
    ) -> Result<Model, Failed<C::Error>> {
        while self.length.done(&self.progress) < 1.0 {
            callbacks.before_step(self);
            let began = Instant::now();
            let passes = (0..self.accumulate).map(|_| callbacks.pass());
            let passes = match passes.collect::<Result<Vec<_>, _>>() {
                Ok(passes) => passes,
                Err(error) => return Err(Failed { model: Box::new(model), error }),
            };
            let tokens: usize = passes.iter().map(|pass| pass.size().tokens).sum();
            let rate = callbacks.rate(self);
            let at = StepAt { rate, seed: mix(self.seed, self.progress.step as u64) };
            let stepped = self.step.step(model, &passes, at);
            let Stepped { model: updated, loss, gradient_norm } = match stepped {
                Ok(stepped) => stepped,
                Err(NotFinite { model, value }) => {
                    let error = callbacks.not_finite(self, value);
                    return Err(Failed { model, error });
                }
            };
            model = updated;
            let took = began.elapsed();
            self.progress.step += 1;
            self.progress.tokens += tokens as u64;
            self.progress.time += took;
            let tokens_per_second = tokens as f64 / took.as_secs_f64();
            let report = StepReport { loss, gradient_norm, rate, tokens_per_second };
            match callbacks.after_step(self, &model, report) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break,
                Err(error) => return Err(Failed { model: Box::new(model), error }),
            }
        }
        Ok(model)
    }
}
