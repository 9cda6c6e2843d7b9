//! The state of all runs.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::compare::job::{Job, Record};
use crate::compare::plan::Plan;
use crate::compare::runner::Event;
use crate::compare::worker::WorkerEvent;
use crate::report::study::Outcome;
use crate::system::duration;
use crate::train::TrainLength;

/// The state of all runs.
pub(super) struct State {
    /// Architectures; in a sweep, one row for each size.
    pub(super) rows: Vec<String>,
    pub(super) tasks: Vec<TaskShown>,
    /// Active runs.
    pub(super) running: Vec<Running>,
    /// The task whose learning curves are displayed.
    pub(super) current: usize,
    /// The row of each model, which its config identifies.
    models: Vec<(serde_json::Value, usize)>,
    /// The active measurement.
    pub(super) measures: Option<String>,
    pub(super) done: usize,
    pub(super) total: usize,
    began: Instant,
    /// Work in steps or seconds: of all runs, of the finished runs, and of the cached runs.
    work: f64,
    worked: f64,
    cached: f64,
}

/// A task and the results of its runs.
pub(super) struct TaskShown {
    pub(super) name: String,
    pub(super) metric: String,
    /// One cell for each row.
    pub(super) cells: Vec<Cell>,
    /// One for each run.
    pub(super) curves: Vec<LearningCurve>,
}

/// The learning curve of a run.
pub(super) struct LearningCurve {
    /// The row of its architecture.
    pub(super) row: usize,
    /// Validation scores by step.
    pub(super) points: Vec<(f64, f64)>,
}

/// One architecture on one task.
#[derive(Default)]
pub(super) struct Cell {
    /// Scores of the runs that finished.
    pub(super) scores: Vec<f64>,
    /// Runs that did not finish.
    pub(super) lost: usize,
    /// Finished learning-rate trials.
    pub(super) trials: usize,
}

/// An active run.
pub(super) struct Running {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) done: f64,
    pub(super) says: String,
    work: f64,
    task: usize,
    /// The index of its curve among those of its task; `None` for learning-rate trials.
    curve: Option<usize>,
}

impl State {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut rows: Vec<String> = Vec::new();
        let mut models = Vec::new();
        for of in &plan.candidates {
            let row = match plan.spec.is_sweep() {
                true => format!("{} {}", of.name, of.size),
                false => of.name.clone(),
            };
            let place = rows.iter().position(|known| *known == row).unwrap_or_else(|| {
                rows.push(row);
                rows.len() - 1
            });
            models.push((of.sized.model_spec.config.clone(), place));
        }
        let cells = || rows.iter().map(|_| Cell::default()).collect();
        let task = |planned: &crate::compare::plan::PlannedTask| TaskShown {
            name: planned.task.spec.to_string(),
            metric: planned.task.score.to_string(),
            cells: cells(),
            curves: Vec::new(),
        };
        let trials: Vec<Job> = plan.candidates.iter().flat_map(|of| plan.trials(of)).collect();
        let seeds = plan.seeds();
        let runs: Vec<Job> = plan
            .candidates
            .iter()
            .flat_map(|of| seeds.iter().map(|seed| plan.run(of, *seed, 0.0)))
            .collect();
        Self {
            tasks: plan.tasks.iter().map(task).collect(),
            rows,
            models,
            running: Vec::new(),
            current: 0,
            measures: None,
            done: 0,
            total: trials.len() + runs.len(),
            began: Instant::now(),
            work: trials.iter().chain(&runs).map(work).sum(),
            worked: 0.0,
            cached: 0.0,
        }
    }

    /// Adds jobs to those that are planned.
    pub(super) fn adds(&mut self, jobs: &[Job]) {
        self.total += jobs.len();
        self.work += jobs.iter().map(work).sum::<f64>();
    }

    /// Updates the state; returns a message if a run ended.
    pub(super) fn event(&mut self, event: Event<'_>) -> Option<String> {
        match event {
            Event::Begins { job, is_cached: true, .. } => {
                self.cached += work(job);
                None
            }
            Event::Begins { index, job, .. } => {
                self.begins(index, job);
                None
            }
            Event::Goes { index, event, .. } => {
                self.goes(index, &event);
                None
            }
            Event::Over { index, record } => self.over(index, record),
        }
    }

    fn place(&self, job: &Job) -> (usize, usize) {
        let task = self.tasks.iter().position(|task| task.name == job.task);
        let model = self.models.iter().find(|(config, _)| *config == job.config);
        (task.unwrap_or(0), model.map_or(0, |(_, row)| *row))
    }

    fn begins(&mut self, index: usize, job: &Job) {
        let (task, row) = self.place(job);
        let curve = job.scored.test.map(|_| {
            let curves = &mut self.tasks[task].curves;
            curves.push(LearningCurve { row, points: Vec::new() });
            curves.len() - 1
        });
        self.running.push(Running {
            index,
            name: format!("{}{}", self.rows[row], what(job)),
            done: 0.0,
            says: "starting".into(),
            work: work(job),
            task,
            curve,
        });
        self.current = task;
    }

    fn goes(&mut self, index: usize, event: &WorkerEvent) {
        let Some(run) = self.running.iter_mut().find(|run| run.index == index) else { return };
        match event {
            WorkerEvent::Step { done, loss } => {
                run.done = *done;
                run.says = format!("loss {loss:.3}");
            }
            WorkerEvent::Point(point) => {
                let Some(score) = point.validation else { return };
                run.says = format!("validation {score:.3}");
                if let Some(curve) = run.curve {
                    let curve = &mut self.tasks[run.task].curves[curve];
                    curve.points.push((point.step as f64, score));
                    self.current = run.task;
                }
            }
            WorkerEvent::Testing => run.says = "testing".into(),
            WorkerEvent::Over(_) | WorkerEvent::Measured(_) => {}
        }
    }

    fn over(&mut self, index: usize, record: &Record) -> Option<String> {
        let (task, row) = self.place(&record.job);
        let cell = &mut self.tasks[task].cells[row];
        match (&record.outcome, record.job.scored.test) {
            (Outcome::Finished { .. }, None) => cell.trials += 1,
            (Outcome::Finished { test, .. }, Some(_)) => cell.scores.push(*test),
            (_, None) => cell.trials += 1,
            (_, Some(_)) => cell.lost += 1,
        }
        self.done += 1;
        self.worked += work(&record.job);
        let place = self.running.iter().position(|run| run.index == index);
        let was_running = place.map(|place| self.running.remove(place));
        if was_running.is_none() && record.job.scored.test.is_some() {
            let points = record.curve.iter();
            let points = points.filter_map(|point| Some((point.step as f64, point.validation?)));
            let curve = LearningCurve { row, points: points.collect() };
            self.tasks[task].curves.push(curve);
        }
        let (done, total) = (self.done, self.total);
        was_running.map(|run| format!("[{done}/{total}] {}: {}", run.name, ended(record)))
    }

    /// The completed share of the work.
    pub(super) fn share(&self) -> f64 {
        let going: f64 = self.running.iter().map(|run| run.done * run.work).sum();
        if self.work > 0.0 { ((self.worked + going) / self.work).min(1.0) } else { 1.0 }
    }

    /// The number of finished runs, the elapsed time and the estimated remaining time.
    pub(super) fn standing(&self) -> String {
        let took = duration(self.began.elapsed().as_secs_f64());
        let left = self.left().map(|left| format!(", about {} left", duration(left.as_secs_f64())));
        format!("{} of {} runs, {took}{}", self.done, self.total, left.unwrap_or_default())
    }

    /// [`Self::standing`] with the progress of the active runs and the active measurement.
    pub(super) fn report(&self) -> String {
        let mut report = self.standing();
        for run in &self.running {
            let _ = write!(report, "; {}: {:.0} %, {}", run.name, 100.0 * run.done, run.says);
        }
        if let Some(measures) = &self.measures {
            let _ = write!(report, "; measuring {measures}");
        }
        report
    }

    /// The estimated remaining time at the current rate; `None` before any progress.
    pub(super) fn left(&self) -> Option<Duration> {
        let going: f64 = self.running.iter().map(|run| run.done * run.work).sum();
        let (done, left) = (self.worked + going - self.cached, self.work - self.worked - going);
        let is_known = done > 0.01 * self.work;
        is_known.then(|| self.began.elapsed().mul_f64((left / done).max(0.0)))
    }
}

/// The planned work of a job, in steps or seconds.
fn work(job: &Job) -> f64 {
    match job.training.length {
        TrainLength::Steps(steps) => steps as f64,
        TrainLength::Seconds(seconds) => seconds,
    }
}

/// The task of a job, with its seed or learning rate.
fn what(job: &Job) -> String {
    let Job { task, seed, rate, scored, .. } = job;
    match scored.test {
        Some(_) => format!(" on {task}, seed {seed}"),
        None => format!(" on {task}, rate {rate}"),
    }
}

fn ended(record: &Record) -> String {
    match &record.outcome {
        Outcome::Finished { test, validation, .. } => match record.job.scored.test {
            Some(_) => format!("{test:.3} after {:.0} s", record.seconds),
            None => format!("a loss of {validation:.3} on the validation split"),
        },
        Outcome::Diverged { step, reason } => format!("diverged at step {step}, {reason}"),
        Outcome::Failed { reason } => format!("failed: {reason}"),
        Outcome::Missing => "did not run".into(),
    }
}
