//! All runs.

use super::shown::Shown;
use crate::number;
use crate::page::{Cell, Group, Groups, Item, Mark, Section, Table};
use crate::study::{Outcome, Run, Study, Task};

pub(super) fn section(shown: &Shown<'_>) -> Option<Section> {
    let study = shown.study;
    if study.runs.is_empty() {
        return None;
    }
    let count = |is: fn(&Outcome) -> bool| study.runs.iter().filter(|r| is(&r.outcome)).count();
    let lost = [
        (count(|o| matches!(o, Outcome::Diverged { .. })), "diverged"),
        (count(|o| matches!(o, Outcome::Failed { .. })), "failed"),
        (count(|o| matches!(o, Outcome::Missing)), "missing"),
    ];
    let lost: Vec<String> =
        lost.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let heading = match lost.as_slice() {
        [] => format!("All {} finished", number::of(study.runs.len(), "run")),
        lost => format!("{}: {}", number::of(study.runs.len(), "run"), number::list(lost)),
    };
    let group = |task: &Task| Group {
        label: task.name.clone(),
        charts: Vec::new(),
        tables: vec![table(study, task)],
    };
    Some(Section {
        id: "runs",
        name: "Runs",
        heading,
        text: Vec::new(),
        items: vec![Item::Groups(Groups {
            id: "runs",
            caption: String::new(),
            groups: study
                .tasks
                .iter()
                .map(group)
                .filter(|g| !g.tables[0].rows.is_empty())
                .collect(),
        })],
    })
}

fn table(study: &Study, task: &Task) -> Table {
    let columns = [
        "architecture",
        "#seed",
        "outcome",
        "#test",
        "#validation",
        "#time",
        "#tokens/s",
        "#peak memory",
    ];
    let mut table = Table::new(format!("{}: all runs", task.name), &columns);
    for run in study.runs.iter().filter(|run| run.task == task.name) {
        table.rows.push(row(run));
    }
    table
}

fn row(run: &Run) -> Vec<Cell> {
    let (outcome, test, validation) = match &run.outcome {
        Outcome::Finished { test, validation, .. } => {
            (Cell::new("finished"), Some(*test), Some(*validation))
        }
        Outcome::Failed { reason } => {
            (Cell::new("failed").note(reason).mark(Mark::Warn), None, None)
        }
        Outcome::Diverged { step, reason } => {
            let cell = Cell::new(format!("diverged at step {step}")).note(reason);
            (cell.mark(Mark::Warn), None, None)
        }
        Outcome::Missing => (Cell::new("missing").mark(Mark::Warn), None, None),
    };
    // A run's own score has more digits than its mean, enough to tell runs apart.
    let score = |value: Option<f64>| Cell::or_dash(value, |value| number::fixed(value, 4));
    vec![
        Cell::new(&run.architecture).note(run.size.as_deref().unwrap_or_default()),
        Cell::new(run.seed.to_string()),
        outcome,
        score(test),
        score(validation),
        Cell::new(number::duration(run.seconds)),
        Cell::or_dash(run.speed.train_tokens, number::speed),
        Cell::or_dash(run.speed.train_bytes, number::bytes),
    ]
}
