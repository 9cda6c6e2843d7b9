//! Expands a comparison into jobs: the objective and model size for every architecture and task.

mod architectures;
mod jobs;
mod target;

use super::objective::{Impossible, ObjectiveKind};
use super::pretrained::{PretrainedError, PretrainedStart};
use super::sizing::{Sized, SizingError, fit};
use super::spec::{Amount, Spec, Training};
use crate::datasets::locate::SearchPath;
use crate::datasets::task::{Metric, Task, TaskError, TaskSpec};
use crate::models::families::Family;
use crate::models::hf::config::ConfigError;
use crate::report::study::BackboneKind;
use architectures::architectures;
use target::{budget, target};

/// A task with the training settings of its runs.
#[derive(Debug)]
pub struct PlannedTask {
    /// The task.
    pub task: Task,
    /// The training settings of its runs.
    pub training: Training,
}

/// One architecture, or a checkpoint, on one task.
#[derive(Debug, Clone)]
pub struct PlannedCandidate {
    /// The name in reports: that of the family, or of the checkpoint.
    pub name: String,
    /// The family.
    pub family: &'static Family,
    /// The checkpoint that its runs start from.
    pub pretrained: Option<PretrainedStart>,
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
    /// A checkpoint cannot be compared.
    #[error("{name}: {source}")]
    Pretrained {
        /// Its name.
        name: String,
        /// The reason.
        source: Box<PretrainedError>,
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
        let architectures = architectures(&spec)?;
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
            for architecture in &architectures {
                match architecture.objective(&planned.task) {
                    Ok(objective) => pairs.push((architecture, index, objective)),
                    Err(reason) => impossible.push(Impossible {
                        architecture: architecture.name.clone(),
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
        for (of, task, objective) in pairs {
            let target = target(&tasks[task], objective);
            for size in spec.all_sizes() {
                let sized = match &of.pretrained {
                    Some(start) => {
                        start.sized(&tasks[task].task).map_err(|source| of.in_context(source))?
                    }
                    None => fit(of.family, of.backbone, &target, budget(&spec, size)).map_err(
                        |source| PlanError::Sizing {
                            task: tasks[task].task.spec.to_string(),
                            source,
                        },
                    )?,
                };
                candidates.push(PlannedCandidate {
                    name: of.name.clone(),
                    family: of.family,
                    pretrained: of.pretrained.clone(),
                    backbone: of.backbone,
                    task,
                    objective,
                    size,
                    sized,
                });
            }
        }
        Ok(Self { spec, tasks, candidates, device: device.to_string() })
    }
}
