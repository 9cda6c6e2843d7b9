//! Expands a comparison into jobs: the objective and model size for every architecture and task.

use super::batch::longest;
use super::job::{Job, Scored, TrainingConfig, optimizer};
use super::measuring::{Measurement, WRITTEN, What};
use super::objective::{Impossible, ObjectiveKind, backbone, role};
use super::sizing::{Budget, Sized, SizingError, SizingTarget, TypicalWorkload, fit};
use super::spec::{Amount, MatchBy, Spec, Training};
use crate::datasets::locate::SearchPath;
use crate::datasets::task::{Labels, Metric, Task, TaskError, TaskSpec, TokenTable};
use crate::models::families::{self, Family};
use crate::models::hf::config::ConfigError;
use crate::report::study::BackboneKind;
use crate::train::TrainLength;

/// A task with the training settings of its runs.
#[derive(Debug)]
pub struct PlannedTask {
    /// The task.
    pub task: Task,
    /// The training settings of its runs.
    pub training: Training,
}

/// One architecture on one task.
#[derive(Debug, Clone)]
pub struct PlannedCandidate {
    /// The family.
    pub family: &'static Family,
    /// Its backbone.
    pub backbone: BackboneKind,
    /// The index of the task in the plan.
    pub task: usize,
    /// The training objective.
    pub objective: ObjectiveKind,
    /// The requested size.
    pub size: Amount,
    /// The model.
    pub sized: Sized,
}

/// The plan of a comparison.
#[derive(Debug)]
pub struct Plan {
    /// The specification.
    pub spec: Spec,
    /// The tasks, in the order of the specification.
    pub tasks: Vec<PlannedTask>,
    /// One per architecture, task and size.
    pub candidates: Vec<PlannedCandidate>,
    /// The device, as in `--device`.
    pub device: String,
}

/// Why a comparison cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// An invalid setting.
    #[error(transparent)]
    Spec(#[from] super::spec::SpecError),
    /// An unknown family.
    #[error(transparent)]
    Family(#[from] ConfigError),
    /// An image model.
    #[error("{0} takes images, but the tasks are on sequences; use a text model")]
    Images(String),
    /// An unknown task, or a task whose data is not available.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Architectures that do not support a task.
    #[error("{}", .0.iter().map(Impossible::to_string).collect::<Vec<_>>().join("\n"))]
    Impossible(Vec<Impossible>),
    /// A family has no model of the requested size.
    #[error("{task}: {source}")]
    Sizing {
        /// The task.
        task: String,
        /// The reason.
        source: SizingError,
    },
    /// A sweep over sizes of a task whose score is not a loss.
    #[error(
        "a scaling law is fitted to losses, but {task} is scored by {metric}; sweep a language \
         modeling task, such as stories"
    )]
    NoLoss {
        /// The task.
        task: String,
        /// Its metric.
        metric: Metric,
    },
    /// A duplicate architecture or task.
    #[error("{0} is listed twice")]
    Twice(String),
}

/// The mean length of a task's inputs.
pub fn usual_length(task: &Task) -> usize {
    let some = task.validation.iter().take(200);
    let (sum, count) =
        some.fold((0, 0), |(sum, count), example| (sum + example.input.len(), count + 1));
    (sum / count.max(1)).max(1)
}

impl Plan {
    /// Chooses the objective and model size for every architecture and task, before anything runs.
    ///
    /// # Errors
    ///
    /// The specification is invalid, an architecture does not support a task, or a size cannot be
    /// met.
    pub fn new(spec: Spec, search_path: &SearchPath, device: &str) -> Result<Self, PlanError> {
        spec.check()?;
        let mut architectures = Vec::new();
        for name in &spec.architectures {
            let family = families::find(name)?;
            let backbone = backbone(family).ok_or_else(|| PlanError::Images(name.clone()))?;
            if architectures.iter().any(|(known, _): &(&Family, _)| known.name() == family.name()) {
                return Err(PlanError::Twice(name.clone()));
            }
            architectures.push((family, backbone));
        }
        let mut tasks: Vec<PlannedTask> = Vec::new();
        for entry in &spec.tasks {
            let task = TaskSpec::parse(entry.name())?.build(search_path)?;
            if tasks.iter().any(|known| known.task.spec == task.spec) {
                return Err(PlanError::Twice(entry.name().to_string()));
            }
            if spec.is_sweep() && task.score != Metric::BitsPerCharacter {
                return Err(PlanError::NoLoss { task: task.spec.to_string(), metric: task.score });
            }
            tasks.push(PlannedTask { task, training: entry.training(&spec.training) });
        }
        let mut impossible = Vec::new();
        let mut pairs = Vec::new();
        for (index, planned) in tasks.iter().enumerate() {
            for &(family, backbone) in &architectures {
                let role = role(family).unwrap_or(backbone);
                match ObjectiveKind::of(role, planned.task.kind) {
                    Ok(objective) => pairs.push((family, backbone, index, objective)),
                    Err(reason) => impossible.push(Impossible {
                        architecture: family.name().to_string(),
                        task: planned.task.spec.to_string(),
                        reason,
                    }),
                }
            }
        }
        if !impossible.is_empty() {
            return Err(PlanError::Impossible(impossible));
        }
        let mut candidates = Vec::new();
        for (family, backbone, task, objective) in pairs {
            let target = target(&tasks[task], objective);
            for size in spec.all_sizes() {
                let budget = budget(&spec, size);
                let sized = fit(family, backbone, &target, budget).map_err(|source| {
                    PlanError::Sizing { task: tasks[task].task.spec.to_string(), source }
                })?;
                candidates.push(PlannedCandidate {
                    family,
                    backbone,
                    task,
                    objective,
                    size,
                    sized,
                });
            }
        }
        Ok(Self { spec, tasks, candidates, device: device.to_string() })
    }

    /// The learning-rate trials of a candidate; empty where there is only one rate.
    pub fn trials(&self, candidate: &PlannedCandidate) -> Vec<Job> {
        let training = &self.tasks[candidate.task].training;
        if training.rates.len() < 2 {
            return Vec::new();
        }
        let rates = training.rates.iter();
        rates.map(|&rate| self.job(candidate, self.trial_seed(), rate, true)).collect()
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
        let sized = fit(family, *backbone, &target, budget(&self.spec, *size))?;
        Ok(Measurement {
            architecture: family.name().to_string(),
            config: sized.model_spec.config,
            objective: *objective,
            what,
            length,
            device: self.device.clone(),
            version: super::VERSION.to_string(),
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
            version: super::VERSION.to_string(),
        }
    }
}

/// The budget of every model.
fn budget(spec: &Spec, size: Amount) -> Budget {
    let count = |amount: Amount| match amount {
        Amount::Count(count) => count,
        Amount::Seconds(_) => 0,
    };
    match spec.match_by {
        MatchBy::Params => Budget::Parameters(count(size)),
        MatchBy::Flops => Budget::Flops(count(size)),
        MatchBy::Time => Budget::Parameters(count(spec.training.parameters)),
    }
}

/// The requirements of a task and objective for a model.
fn target(planned: &PlannedTask, objective: ObjectiveKind) -> SizingTarget {
    let PlannedTask { task, training } = planned;
    let labels = match &task.labels {
        Labels::Names(names) => names.clone(),
        Labels::Tokens => (0..task.tokens.len() as u32)
            .map(|id| task.label_name(id).unwrap_or("").to_string())
            .collect(),
    };
    SizingTarget {
        objective,
        vocab_size: task.vocab_size(),
        labels,
        context: longest(task, objective),
        typical: TypicalWorkload::of(task, objective),
        dropout: training.dropout,
        end: TokenTable::END,
    }
}
