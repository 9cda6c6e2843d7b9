//! What a task is, without its examples.

use super::kind::TaskKind;
use super::labels::Labels;
use super::metric::{Metric, Reference};
use super::token_table::TokenTable;

/// A task without its examples.
pub(super) struct TaskDefinition {
    pub(super) kind: TaskKind,
    pub(super) score: Metric,
    pub(super) also: Vec<Metric>,
    pub(super) tokens: TokenTable,
    pub(super) labels: Labels,
    pub(super) references: &'static [Reference],
}
