//! Sizes, FLOPs, speed and memory.

use super::labels::backbone;
use super::median::median;
use super::shown::Shown;
use crate::number;
use crate::page::{Cell, Group, Groups, Item, Mark, Section, Table};
use crate::study::{Candidate, Run, Study, Task};

/// The costs of a candidate: the medians over its runs.
struct Costs {
    train: Option<f64>,
    train_bytes: Option<f64>,
    decode: Option<f64>,
    decode_bytes: Option<f64>,
}

impl Costs {
    fn of(study: &Study, candidate: &Candidate) -> Self {
        let of = |value: &dyn Fn(&Run) -> Option<f64>| {
            median(study.runs_of(candidate).filter_map(value).collect())
        };
        Self {
            train: of(&|run| run.speed.train_tokens),
            train_bytes: of(&|run| run.speed.train_bytes.map(|bytes| bytes as f64)),
            decode: of(&|run| run.speed.decode_tokens),
            decode_bytes: of(&|run| run.speed.decode_bytes.map(|bytes| bytes as f64)),
        }
    }
}

pub(super) fn section(shown: &Shown<'_>) -> Option<Section> {
    let study = shown.study;
    let tasks: Vec<&Task> =
        study.tasks.iter().filter(|t| study.candidates_on(&t.name).next().is_some()).collect();
    let first = tasks.first()?;
    let group = |task: &&Task| Group {
        label: task.name.clone(),
        charts: Vec::new(),
        tables: vec![sizes(study, task), speeds(study, task)],
    };
    Some(Section {
        id: "costs",
        name: "Costs",
        heading: heading(study, first),
        text: vec![
            "The size of each model and its costs. Training speed and memory are medians over the runs; the memory \
             is the peak of the whole process, including the data. Decoding is measured once, in a process of its \
             own, for one sequence after a prompt of the task's mean length; its memory excludes that of the process \
             without a model."
                .into(),
        ],
        items: vec![Item::Groups(Groups {
            id: "costs",
            caption: String::new(),
            groups: tasks.iter().map(group).collect(),
        })],
    })
}

/// A heading: the fastest architecture on the first task, and its lead.
fn heading(study: &Study, task: &Task) -> String {
    let mut speeds: Vec<(f64, &str)> = study
        .candidates_on(&task.name)
        .filter_map(|c| Some((Costs::of(study, c).train?, c.architecture.as_str())))
        .collect();
    speeds.sort_by(|a, b| b.0.total_cmp(&a.0));
    match speeds.as_slice() {
        [(fastest, name), .., (slowest, last)] if *slowest > 0.0 => format!(
            "{name} trains fastest on {}: {} tokens per second, {} times as many as {last}",
            task.name,
            number::speed(*fastest),
            number::fixed(fastest / slowest, 1)
        ),
        _ => "Sizes, FLOPs, speed and memory".into(),
    }
}

fn sizes(study: &Study, task: &Task) -> Table {
    let columns = [
        "architecture",
        "#width",
        "#layers",
        "#heads",
        "#feed-forward",
        "#parameters, deviation from the budget",
        "#embeddings",
        "#total",
        "#FLOPs per token, forward",
        "#FLOPs per token, training",
    ];
    let mut table = Table::new(format!("{}: model sizes", task.name), &columns);
    for of in study.candidates_on(&task.name) {
        let d = &of.dimensions;
        let count = |count: u64| Cell::new(number::si(count as f64));
        let far = of.deviation.is_some_and(|deviation| deviation.abs() > 2.0);
        let body = count(of.parameters.body);
        let note = match &of.pretrained {
            Some(_) => Some("pretrained".to_string()),
            None => of.deviation.map(number::percent),
        };
        let body = note.map_or(body.clone(), |note| body.note(note));
        table.rows.push(vec![
            Cell::new(&of.architecture).note(backbone(of.backbone)),
            Cell::new(d.d_model.to_string()),
            Cell::new(d.n_layers.to_string()),
            Cell::or_dash(d.n_heads, |n| n.to_string()),
            Cell::or_dash(d.d_ff, |n| n.to_string()),
            if far { body.mark(Mark::Warn) } else { body },
            count(of.parameters.embeddings),
            count(of.parameters.total),
            Cell::new(number::si(of.flops.forward)),
            Cell::new(number::si(of.flops.train)),
        ]);
    }
    table
}

fn speeds(study: &Study, task: &Task) -> Table {
    let columns = [
        "architecture",
        "#training, tokens/s",
        "#training, peak memory",
        "#decoding, tokens/s",
        "#decoding, peak memory",
        "#time per run",
    ];
    let caption = format!(
        "{}: speed and memory; {} marks the best of a column",
        task.name,
        Mark::Best.sign()
    );
    let mut table = Table::new(caption, &columns);
    let candidates: Vec<&Candidate> = study.candidates_on(&task.name).collect();
    let costs: Vec<Costs> = candidates.iter().map(|of| Costs::of(study, of)).collect();
    let most = |of: fn(&Costs) -> Option<f64>| costs.iter().filter_map(of).reduce(f64::max);
    let least = |of: fn(&Costs) -> Option<f64>| costs.iter().filter_map(of).reduce(f64::min);
    let best = [
        most(|c| c.train),
        least(|c| c.train_bytes),
        most(|c| c.decode),
        least(|c| c.decode_bytes),
    ];
    let memory = |bytes: f64| number::bytes(bytes as u64);
    for (of, costs) in candidates.iter().zip(&costs) {
        let seconds = study.runs_of(of).map(|run| run.seconds).filter(|s| *s > 0.0).collect();
        let values = [costs.train, costs.train_bytes, costs.decode, costs.decode_bytes];
        let shows: [fn(f64) -> String; 4] = [number::speed, memory, number::speed, memory];
        let mut row = vec![Cell::new(&of.architecture)];
        for ((value, best), show) in values.into_iter().zip(best).zip(shows) {
            let cell = Cell::or_dash(value, show);
            row.push(if value.is_some() && value == best { cell.mark(Mark::Best) } else { cell });
        }
        row.push(Cell::or_dash(median(seconds), number::duration));
        table.rows.push(row);
    }
    table
}
