//! What a plan requires of the models.

use super::PlannedTask;
use crate::compare::batch::longest;
use crate::compare::objective::ObjectiveKind;
use crate::compare::sizing::{Budget, SizingTarget, TypicalWorkload};
use crate::compare::spec::{Amount, MatchBy, Spec};
use crate::datasets::task::{Labels, TokenTable};

/// The budget of every model.
pub(super) fn budget(spec: &Spec, size: Amount) -> Budget {
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
pub(super) fn target(planned: &PlannedTask, objective: ObjectiveKind) -> SizingTarget {
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
