//! The training of one job: its data, its evaluations, and the end of a run that diverges.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use burn::module::Module;

use super::data::RunData;
use super::{Best, EVALUATION_BATCH, Run, SCHEDULE_STEPS, Stop, WorkerEvent, predictions, split};
use crate::compare::job::Job;
use crate::datasets::task::Task;
use crate::models::checkpoint::Model;
use crate::report::rounded;
use crate::report::study::CurvePoint;
use crate::train::{
    Callbacks, LossSum, Objective, ObjectiveBatch, Pass, Progress, StepReport, TrainLoop,
};

/// A run has diverged when its loss exceeds this multiple of the first step's loss.
const RUNAWAY: f64 = 4.0;

/// The callbacks of a run: its data, its evaluations, and the end of a run that diverges.
pub(super) struct Training<'a, 'b, D> {
    pub(super) run: &'b Run<'a>,
    pub(super) data: D,
    /// FLOPs per token.
    pub(super) flops: f64,
    pub(super) curve: &'b mut Vec<CurvePoint>,
    /// The loss since the last evaluation.
    pub(super) loss: LossSum,
    pub(super) first_loss: Option<f64>,
    pub(super) best: Option<Best>,
    pub(super) reported: Instant,
    pub(super) tell: &'b mut dyn FnMut(WorkerEvent),
    /// The index of the next training example.
    pub(super) next: u64,
}

impl<'d, D: RunData<'d>> Callbacks<'d> for Training<'_, '_, D> {
    type Error = Stop;

    fn pass(&mut self) -> Result<Box<dyn Pass + 'd>, Stop> {
        let Job { training, seed, .. } = self.run.job;
        let until = self.next + training.batch_size as u64;
        let indices = std::mem::replace(&mut self.next, until)..until;
        let objective = self.data.objective();
        let batch = objective.batch(&self.data.train(*seed, indices));
        Ok(Box::new(ObjectiveBatch { objective, batch }))
    }

    fn rate(&self, run: &TrainLoop) -> f64 {
        let done = run.length.done(&run.progress);
        self.run.schedule().rate((done * SCHEDULE_STEPS as f64) as usize)
    }

    fn after_step(
        &mut self,
        run: &TrainLoop,
        model: &Model,
        report: StepReport,
    ) -> Result<ControlFlow<()>, Stop> {
        let loss = report.loss.mean();
        let first_loss = *self.first_loss.get_or_insert(loss);
        if loss > RUNAWAY * first_loss.max(1.0) {
            let reason = format!("the loss rose from {first_loss:.2} to {loss:.2} nats");
            return Err(Stop::Diverged { step: run.progress.step, reason });
        }
        self.loss.add(report.loss);
        let done = run.length.done(&run.progress);
        if self.reported.elapsed() > Duration::from_millis(250) {
            self.reported = Instant::now();
            (self.tell)(WorkerEvent::Step { done, loss });
        }
        let evaluations = self.run.job.training.evaluations;
        let due = (self.curve.len() + 1) as f64 / evaluations as f64;
        if done >= due - 1e-9 {
            self.evaluate(run, model)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn not_finite(&self, run: &TrainLoop, _value: f64) -> Stop {
        let reason = "the loss or its gradient became NaN or infinite".to_string();
        Stop::Diverged { step: run.progress.step + 1, reason }
    }
}

impl<'d, D: RunData<'d>> Training<'_, '_, D> {
    fn evaluate(&mut self, run: &TrainLoop, model: &Model) -> Result<(), Stop> {
        let model = model.valid();
        let metric = self.run.task.score;
        let is_trial = self.run.job.scored.test.is_none();
        let score = match is_trial {
            true => self.validation_loss(&model, run.progress.step)?,
            false => {
                let Task { validation, answers, .. } = self.run.task;
                let count = self.run.job.scored.validation;
                let split = split(validation, &answers.validation, count);
                let predictions = predictions(self.data, &model, self.data.validation(), split)?;
                self.run.score(self.data, metric, &predictions, split)?
            }
        };
        let loss = std::mem::replace(&mut self.loss, LossSum::ZERO);
        let train_loss = (loss.targets > 0).then(|| loss.mean()).filter(|loss| loss.is_finite());
        let Progress { step, tokens, time } = run.progress;
        let point = CurvePoint {
            step,
            tokens,
            flops: self.flops * tokens as f64,
            seconds: time.as_secs_f64(),
            train_loss,
            validation: Some(score).filter(|score| score.is_finite() && !is_trial),
        };
        self.curve.push(point);
        (self.tell)(WorkerEvent::Point(point));
        let is_better = self.best.as_ref().is_none_or(|best| {
            let best = best.validation;
            if metric.higher_is_better() && !is_trial { score > best } else { score < best }
        });
        if is_better {
            self.best = Some(Best { validation: score, model });
        }
        Ok(())
    }

    /// The mean loss on the validation split, in nats, by which learning rates are compared.
    fn validation_loss(&self, model: &Model, step: usize) -> Result<f64, Stop> {
        let mut loss = LossSum::ZERO;
        let (objective, examples) = (self.data.objective(), self.data.validation());
        let count = self.run.job.scored.validation.min(examples.len());
        for examples in examples[..count].chunks(EVALUATION_BATCH) {
            loss.add(objective.loss(model, &objective.batch(examples)).read());
        }
        match loss.mean().is_finite() {
            true => Ok(rounded(loss.mean())),
            false => {
                let reason = "the validation loss became NaN or infinite".to_string();
                Err(Stop::Diverged { step, reason })
            }
        }
    }
}
