//! The jobs and measurements of a plan.

use super::target::{budget, target};
use super::{Plan, PlannedCandidate, PlannedTask};
use crate::compare::VERSION;
use crate::compare::job::{Job, Scored, TrainingConfig, optimizer};
use crate::compare::measuring::{Measurement, WRITTEN, What};
use crate::compare::rates::first_rates;
use crate::compare::sizing::{SizingError, fit};
use crate::compare::spec::Amount;
use crate::train::TrainLength;

impl Plan {
    /// The first learning-rate trials of a candidate; empty where there is only one rate.
    pub fn trials(&self, candidate: &PlannedCandidate) -> Vec<Job> {
        let first = first_rates(self.rates(candidate));
        first.into_iter().map(|rate| self.trial(candidate, rate)).collect()
    }

    /// A learning-rate trial of a candidate.
    pub fn trial(&self, candidate: &PlannedCandidate, rate: f64) -> Job {
        self.job(candidate, self.trial_seed(), rate, true)
    }

    /// The given learning rates of a candidate.
    pub fn rates(&self, candidate: &PlannedCandidate) -> &[f64] {
        &self.tasks[candidate.task].training.rates
    }

    /// The seed of the trials, different from the seeds of all reported runs, so that the learning
    /// rate is not chosen on the reported results.
    fn trial_seed(&self) -> u64 {
        self.spec.first_seed + self.spec.seeds + 1_000_000
    }

    /// The seeds of the runs.
    pub fn seeds(&self) -> Vec<u64> {
        (self.spec.first_seed..self.spec.first_seed + self.spec.seeds).collect()
    }

    /// The run of a candidate with a seed.
    pub fn run(&self, candidate: &PlannedCandidate, seed: u64, rate: f64) -> Job {
        self.job(candidate, seed, rate, false)
    }

    /// A measurement of a candidate. Its model has positions for the length and the generated
    /// tokens.
    ///
    /// # Errors
    ///
    /// The family has no model of this size with that many positions.
    pub fn measurement(
        &self,
        candidate: &PlannedCandidate,
        what: What,
        length: usize,
    ) -> Result<Measurement, SizingError> {
        let PlannedCandidate { family, backbone, task, objective, size, .. } = candidate;
        let mut target = target(&self.tasks[*task], *objective);
        target.context = target.context.max(length + WRITTEN);
        let sized = match &candidate.pretrained {
            Some(_) => candidate.sized.clone(),
            None => fit(family, *backbone, &target, budget(&self.spec, *size))?,
        };
        Ok(Measurement {
            architecture: family.name().to_string(),
            config: sized.model_spec.config,
            objective: *objective,
            what,
            length,
            device: self.device.clone(),
            version: VERSION.to_string(),
        })
    }

    fn job(&self, candidate: &PlannedCandidate, seed: u64, rate: f64, is_trial: bool) -> Job {
        let PlannedTask { task, training } = &self.tasks[candidate.task];
        let share = if is_trial { training.trial } else { 1.0 };
        let length = match candidate.size {
            Amount::Seconds(seconds) => TrainLength::Seconds(seconds * share),
            Amount::Count(_) => {
                TrainLength::Steps(((training.steps as f64 * share).round() as usize).max(1))
            }
        };
        let evaluations = if is_trial { 1 } else { training.evaluations };
        Job {
            task: task.spec.to_string(),
            data_hash: task.data_hash.clone(),
            architecture: candidate.family.name().to_string(),
            config: candidate.sized.model_spec.config.clone(),
            init_from: candidate.pretrained.as_ref().map(|start| start.init_from.clone()),
            objective: candidate.objective,
            seed,
            rate,
            training: TrainingConfig {
                length,
                batch_size: training.batch_size,
                warmup: 0.1,
                decay: 0.1,
                optimizer: optimizer(training.weight_decay),
                clip: 1.0,
                evaluations,
            },
            scored: Scored {
                validation: training.validation,
                test: (!is_trial).then_some(training.test),
            },
            device: self.device.clone(),
            version: VERSION.to_string(),
        }
    }
}
