//! What is seen of the runs while they go.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::super::Global;
use crate::compare::job::{Job, Record};
use crate::compare::plan::Plan;
use crate::compare::runner::Event;
use crate::compare::study::Outcome;
use crate::compare::worker::Told;

/// A line for each run that goes, and one for all of them; plain lines where there is no terminal.
pub(super) struct Shown {
    global: Global,
    bars: MultiProgress,
    all: ProgressBar,
    running: Mutex<HashMap<String, ProgressBar>>,
}

/// A run's own line has a thousand steps.
const STEPS: u64 = 1000;

impl Shown {
    pub(super) fn new(global: &Global, plan: &Plan) -> Self {
        let trials: usize = plan.contestants.iter().map(|c| plan.trials(c).len()).sum();
        let runs = plan.contestants.len() * plan.seeds().len();
        let is_shown = !global.quiet && std::io::stderr().is_terminal();
        let bars = MultiProgress::new();
        if !is_shown {
            bars.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let all = bars.add(ProgressBar::new((trials + runs) as u64));
        all.set_style(style("{wide_bar} {pos}/{len} runs, {elapsed}, {eta} left"));
        Self { global: global.clone(), bars, all, running: Mutex::new(HashMap::new()) }
    }

    pub(super) fn event(&self, event: Event<'_>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Begins { is_cached: true, .. } => {}
            Event::Begins { job, .. } => {
                let bar = self.bars.insert_before(&self.all, ProgressBar::new(STEPS));
                bar.set_style(style("{prefix:32} {bar:24} {msg}"));
                bar.set_prefix(name(job));
                running.insert(job.key(), bar);
            }
            Event::Goes(job, told) => {
                let Some(bar) = running.get(&job.key()) else { return };
                match told {
                    Told::Step { done, loss } => {
                        bar.set_position((done * STEPS as f64) as u64);
                        bar.set_message(format!("loss {loss:.3}"));
                    }
                    Told::Point(point) => {
                        if let Some(score) = point.validation {
                            bar.set_message(format!("validation {score:.3}"));
                        }
                    }
                    Told::Testing => bar.set_message("testing"),
                    Told::Over(_) => {}
                }
            }
            Event::Over(record) => {
                if let Some(bar) = running.remove(&record.job.key()) {
                    bar.finish_and_clear();
                    self.bars.remove(&bar);
                    self.note(&ended(record));
                }
                self.all.inc(1);
            }
        }
    }

    pub(super) fn finish(&self) {
        self.all.finish_and_clear();
    }

    fn note(&self, text: &str) {
        self.bars.suspend(|| self.global.note(text));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn name(job: &Job) -> String {
    let Job { architecture, task, seed, rate, scored, .. } = job;
    match scored.test {
        Some(_) => format!("{architecture} on {task}, seed {seed}"),
        None => format!("{architecture} on {task}, rate {rate}"),
    }
}

fn ended(record: &Record) -> String {
    let name = name(&record.job);
    match &record.outcome {
        Outcome::Finished { test, validation, .. } => match record.job.scored.test {
            Some(_) => format!("{name}: {test:.3} after {:.0} s", record.seconds),
            None => format!("{name}: {validation:.3} on the validation part"),
        },
        Outcome::Diverged { step, reason } => format!("{name}: diverged at step {step}, {reason}"),
        Outcome::Failed { reason } => format!("{name}: failed: {reason}"),
        Outcome::Missing => format!("{name}: did not run"),
    }
}
