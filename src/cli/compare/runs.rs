//! Executes a plan: the runs, then the measurements.

use std::sync::atomic::Ordering;

use anyhow::Result;

use super::progress::Shown;
use crate::compare::aggregate::Ran;
use crate::compare::job::{Job, Record};
use crate::compare::measuring::{Measured, Room, What, cost_curve};
use crate::compare::plan::{Plan, PlannedCandidate, usual_length};
use crate::compare::rates::{best_rate, next_rate};
use crate::compare::runner::{Event, JobRunner, RunnerError};
use crate::report::study::CostCurve;

/// Maximum seconds of a training step in cost measurements.
const LONGEST_STEP: f64 = 60.0;

/// The share of the available memory that a measurement may use.
const MEMORY_SHARE: f64 = 0.8;

/// Executes a plan.
pub(super) struct Runner<'a> {
    pub(super) job_runner: JobRunner,
    pub(super) shown: &'a Shown,
}

impl Runner<'_> {
    /// The runs of every candidate, after the trials that choose its learning rate.
    pub(super) fn go(&self, plan: &Plan) -> Result<Vec<Ran>> {
        let trials = self.trials(plan)?;
        let rates: Vec<f64> = plan
            .candidates
            .iter()
            .zip(&trials)
            .map(|(candidate, trials)| best_rate(trials, plan.rates(candidate)))
            .collect();
        let jobs = |(candidate, rate): (_, &f64)| -> Vec<Job> {
            plan.seeds().into_iter().map(|seed| plan.run(candidate, seed, *rate)).collect()
        };
        let runs: Vec<Vec<Job>> = plan.candidates.iter().zip(&rates).map(jobs).collect();
        let runs = self.each(&runs)?;
        let writing: Vec<Option<Measured>> =
            plan.candidates.iter().map(|c| self.writing(plan, c)).collect::<Result<_>>()?;
        let ran = trials.into_iter().zip(rates).zip(runs).zip(writing);
        Ok(ran
            .map(|(((trials, rate), runs), writing)| Ran { trials, rate, runs, writing })
            .collect())
    }

    /// The learning-rate trials of every candidate: while the best rate is at an end of the tried
    /// ones, further rates are tried.
    fn trials(&self, plan: &Plan) -> Result<Vec<Vec<Record>>> {
        let mut jobs: Vec<Vec<Job>> = plan.candidates.iter().map(|c| plan.trials(c)).collect();
        let mut trials: Vec<Vec<Record>> = vec![Vec::new(); jobs.len()];
        while jobs.iter().any(|jobs| !jobs.is_empty()) {
            for (trials, new) in trials.iter_mut().zip(self.each(&jobs)?) {
                trials.extend(new);
            }
            let next = |(candidate, trials): (&PlannedCandidate, &Vec<Record>)| -> Vec<Job> {
                let rate = next_rate(trials, plan.rates(candidate));
                rate.map(|rate| plan.trial(candidate, rate)).into_iter().collect()
            };
            jobs = plan.candidates.iter().zip(&trials).map(next).collect();
            self.shown.adds(&jobs.concat());
        }
        Ok(trials)
    }

    /// Measures a candidate's generation speed after a prompt of its task's typical length.
    fn writing(&self, plan: &Plan, candidate: &PlannedCandidate) -> Result<Option<Measured>> {
        if !candidate.objective.is_generative() {
            return Ok(None);
        }
        let length = usual_length(&plan.tasks[candidate.task].task);
        match self.measure(plan, candidate, What::Writing, length) {
            Ok(measured) => Ok(Some(measured)),
            Err(reason) => {
                self.unless_stopped()?;
                let name = &candidate.name;
                self.shown.note(&format!("{name}: generation speed not measured: {reason}"));
                Ok(None)
            }
        }
    }

    /// The cost of each architecture at the plan's lengths, with a generative candidate if any.
    pub(super) fn costs(&self, plan: &Plan) -> Result<Vec<CostCurve>> {
        let mut curves: Vec<CostCurve> = Vec::new();
        if plan.spec.lengths.is_empty() {
            return Ok(curves);
        }
        let mut names: Vec<&str> = Vec::new();
        for candidate in &plan.candidates {
            if !names.contains(&candidate.name.as_str()) {
                names.push(&candidate.name);
            }
        }
        for name in names {
            let of = || plan.candidates.iter().filter(|of| of.name == name);
            let Some(candidate) =
                of().find(|of| of.objective.is_generative()).or_else(|| of().next())
            else {
                continue;
            };
            let bytes = crate::system::available_memory();
            let bytes = bytes.map(|bytes| (bytes as f64 * MEMORY_SHARE) as u64);
            let room = Room { seconds: LONGEST_STEP, bytes };
            let mut measure = |what, length| self.measure(plan, candidate, what, length);
            let curve =
                cost_curve(name, candidate.objective, &plan.spec.lengths, room, &mut measure);
            self.unless_stopped()?;
            curves.push(curve);
        }
        Ok(curves)
    }

    /// One measurement, with no concurrent runs, which would slow it down.
    fn measure(
        &self,
        plan: &Plan,
        candidate: &PlannedCandidate,
        what: What,
        length: usize,
    ) -> Result<Measured, String> {
        let measurement = plan.measurement(candidate, what, length);
        let measurement = measurement.map_err(|error| error.to_string())?;
        self.shown.measures(&measurement);
        self.job_runner.measure(&measurement)
    }

    fn unless_stopped(&self) -> Result<(), RunnerError> {
        match self.job_runner.stop.load(Ordering::SeqCst) {
            true => Err(RunnerError::Stopped),
            false => Ok(()),
        }
    }

    /// Runs lists of jobs as one list.
    fn each(&self, lists: &[Vec<Job>]) -> Result<Vec<Vec<Record>>> {
        let jobs = lists.concat();
        let tell = |event: Event<'_>| self.shown.event(event);
        let mut records = self.job_runner.run(&jobs, &tell)?.into_iter();
        Ok(lists.iter().map(|list| records.by_ref().take(list.len()).collect()).collect())
    }
}
