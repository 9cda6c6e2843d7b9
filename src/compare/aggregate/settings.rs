//! The training and evaluation settings of a study.

use crate::compare::plan::Plan;
use crate::compare::spec::{MatchBy, Training};
use crate::report::study::StudySettings;

pub(super) fn settings(plan: &Plan) -> StudySettings {
    let training = &plan.spec.training;
    StudySettings {
        optimizer: "AdamW, betas 0.9 and 0.98, gradients clipped at a norm of 1".into(),
        schedule:
            "linear warm-up over a tenth of the run, then cosine decay to a tenth of the peak rate"
                .into(),
        batch: by_task(plan, |training| format!("{} sequences", training.batch_size)),
        dropout: by_task(plan, |training| training.dropout.to_string()),
        weight_decay: training.weight_decay,
        length: match plan.spec.match_by {
            MatchBy::Time => format!("{} of training", plan.spec.size),
            _ => by_task(plan, |training| format!("{} steps", training.steps)),
        },
        evaluation: format!(
            "the first {} examples of the validation split, {} times; the best weights are scored on the \
             first {} examples of the test split",
            training.validation, training.evaluations, training.test
        ),
        test: "paired t-test over the seeds".into(),
        correction: "Holm".into(),
    }
}

/// A setting of each task's runs; a single value where all tasks share it.
fn by_task(plan: &Plan, of: impl Fn(&Training) -> String) -> String {
    let all: Vec<(String, String)> = plan
        .tasks
        .iter()
        .map(|planned| (of(&planned.training), planned.task.spec.info().name.to_string()))
        .collect();
    match all.as_slice() {
        [(first, _), rest @ ..] if rest.iter().all(|(other, _)| other == first) => first.clone(),
        all => {
            let each: Vec<String> =
                all.iter().map(|(what, name)| format!("{what} ({name})")).collect();
            each.join(", ")
        }
    }
}
