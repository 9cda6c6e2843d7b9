//! What every section shows a part of.

use crate::chart::Look;
use crate::study::{Study, Task};
use crate::verdict::Verdict;

/// A study with its verdicts.
pub(super) struct Shown<'a> {
    pub(super) study: &'a Study,
    pub(super) names: Vec<&'a str>,
    pub(super) verdicts: Vec<Verdict>,
}

impl Shown<'_> {
    pub(super) fn look(&self, name: &str) -> Look {
        Look::nth(self.names.iter().position(|known| *known == name).unwrap_or(0))
    }

    /// The tasks with their verdicts.
    pub(super) fn tasks(&self) -> impl Iterator<Item = (&Task, &Verdict)> {
        self.study.tasks.iter().zip(&self.verdicts)
    }
}

/// Whether an architecture ran on the task, outside of a sweep.
pub(super) fn has_candidates(study: &Study, task: &Task) -> bool {
    study.candidates_on(&task.name).next().is_some()
}
