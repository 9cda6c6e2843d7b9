//! The families and checkpoints of a comparison.

use super::PlanError;
use crate::compare::objective::{ObjectiveKind, backbone, role};
use crate::compare::pretrained::{PretrainedError, PretrainedStart};
use crate::compare::spec::Spec;
use crate::datasets::task::Task;
use crate::models::families::{self, Family};
use crate::report::study::BackboneKind;

/// A family, or a checkpoint of one.
pub(super) struct Architecture {
    pub(super) name: String,
    pub(super) family: &'static Family,
    pub(super) backbone: BackboneKind,
    pub(super) pretrained: Option<PretrainedStart>,
}

/// The families and checkpoints of a specification.
pub(super) fn architectures(spec: &Spec) -> Result<Vec<Architecture>, PlanError> {
    let mut all: Vec<Architecture> = Vec::new();
    for name in &spec.architectures {
        let pretrained = spec.init_from.get(name).map(|folder| PretrainedStart::open(folder));
        let pretrained = pretrained.transpose().map_err(|source| PlanError::Pretrained {
            name: name.clone(),
            source: Box::new(source),
        })?;
        let family = match &pretrained {
            Some(start) => start.spec.family,
            None => families::find(name)?,
        };
        let backbone = backbone(family).ok_or_else(|| PlanError::Images(name.clone()))?;
        // A family may have other spellings.
        let known = if pretrained.is_some() { name.clone() } else { family.name().to_string() };
        if all.iter().any(|other| other.name == known) {
            return Err(PlanError::Twice(name.clone()));
        }
        all.push(Architecture { name: known, family, backbone, pretrained });
    }
    Ok(all)
}

impl Architecture {
    /// The objective on a task.
    pub(super) fn objective(&self, task: &Task) -> Result<ObjectiveKind, &'static str> {
        match &self.pretrained {
            Some(start) => start.objective(task),
            None => ObjectiveKind::of(role(self.family).unwrap_or(self.backbone), task.kind),
        }
    }

    pub(super) fn in_context(&self, source: PretrainedError) -> PlanError {
        PlanError::Pretrained { name: self.name.clone(), source: Box::new(source) }
    }
}
