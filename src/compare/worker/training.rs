//! The training of one job: its data, its evaluations, and the end of a run that diverges.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use burn::module::Module;

use super::{Best, Run, SCHEDULE_STEPS, Stop, WorkerEvent, predictions};
use crate::compare::job::Job;
use crate::compare::task_objective::TaskObjective;
use crate::datasets::task::Example;
use crate::models::checkpoint::Model;
use crate::report::study::CurvePoint;
use crate::train::{
    Callbacks, LossSum, Objective, ObjectiveBatch, Pass, Progress, StepReport, TrainLoop,
};

/// A run has diverged when its loss exceeds this multiple of the first step's loss.
const RUNAWAY: f64 = 4.0;

/// The callbacks of a run: its data, its evaluations, and the end of a run that diverges.
pub(super) struct Training<'a, 'b> {
    pub(super) run: &'b Run<'a>,
    pub(super) objective: TaskObjective<'a>,
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

impl<'a> Callbacks<'a> for Training<'a, '_> {
    type Error = Stop;

    fn pass(&mut self) -> Result<Box<dyn Pass + 'a>, Stop> {
        let Job { training, seed, .. } = self.run.job;
        let until = self.next + training.batch_size as u64;
        let indices = std::mem::replace(&mut self.next, until)..until;
        let examples: Vec<Example> =
            indices.map(|index| self.run.task.train(*seed, index)).collect();
        let batch = self.objective.batch(&examples);
        Ok(Box::new(ObjectiveBatch { objective: self.objective, batch }))
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

impl Training<'_, '_> {
    fn evaluate(&mut self, run: &TrainLoop, model: &Model) -> Result<(), Stop> {
        let (model, split) = (model.valid(), self.run.validation());
        let metric = self.run.task.score;
        let predictions = predictions(self.objective, &model, split)?;
        let score = self.run.score(metric, &predictions, split)?;
        let loss = std::mem::replace(&mut self.loss, LossSum::ZERO);
        let train_loss = (loss.targets > 0).then(|| loss.mean()).filter(|loss| loss.is_finite());
        let Progress { step, tokens, time } = run.progress;
        let point = CurvePoint {
            step,
            tokens,
            flops: self.flops * tokens as f64,
            seconds: time.as_secs_f64(),
            train_loss,
            validation: score.is_finite().then_some(score),
        };
        self.curve.push(point);
        (self.tell)(WorkerEvent::Point(point));
        let is_better = self.best.as_ref().is_none_or(|best| {
            let best = best.validation;
            if metric.higher_is_better() { score > best } else { score < best }
        });
        if is_better {
            self.best = Some(Best { validation: score, model });
        }
        Ok(())
    }
}
