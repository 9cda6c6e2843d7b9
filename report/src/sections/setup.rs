//! Tasks, settings, versions, and how to reproduce the study.

use super::labels::{budget, kind, metric_label};
use super::shown::Shown;
use crate::number;
use crate::page::{Cell, Code, Item, Section, Table};
use crate::study::{Study, Task};

pub(super) fn section(shown: &Shown<'_>) -> Option<Section> {
    let study = shown.study;
    let mut items = vec![Item::Table(tasks(study)), Item::Table(data(study))];
    items.extend(references(study).map(Item::Table));
    items.extend(how(study).map(Item::Table));
    items.push(Item::Table(settings(study)));
    items.push(Item::Code(Code {
        caption: "Command".into(),
        language: "sh",
        text: study.command.clone(),
    }));
    items.push(Item::Code(Code {
        caption: "TOML file that reproduces the study".into(),
        language: "toml",
        text: study.toml.clone(),
    }));
    Some(Section {
        id: "setup",
        name: "Reproduce",
        heading: "Tasks, settings and the command that reproduces the study".into(),
        text: Vec::new(),
        items,
    })
}

fn tasks(study: &Study) -> Table {
    let columns = ["task", "description", "kind", "metric", "#random guessing", "#best possible"];
    let mut table = Table::new("Tasks", &columns);
    for task in &study.tasks {
        let known = |value: Option<f64>| {
            Cell::or_dash(value, |value| number::score(value, None, &task.metric))
        };
        table.rows.push(vec![
            Cell::new(&task.name),
            Cell::new(&task.about),
            Cell::new(kind(task.kind)),
            Cell::new(metric_label(task)),
            known(task.metric.chance),
            known(task.metric.best),
        ]);
    }
    table
}

fn data(study: &Study) -> Table {
    let columns = ["task", "splits", "#length in tokens", "SHA-256 of the data"];
    let mut table = Table::new("Data", &columns);
    for task in &study.tasks {
        let (shortest, longest) = task.lengths;
        let length = if shortest == longest {
            shortest.to_string()
        } else {
            format!("{shortest} to {longest}")
        };
        table.rows.push(vec![
            Cell::new(&task.name),
            Cell::new(splits(task)),
            Cell::new(length),
            Cell::new(&task.data_hash),
        ]);
    }
    table
}

fn splits(task: &Task) -> String {
    let split = |split: &crate::study::DataSplit| match split.tokens {
        Some(tokens) => format!(
            "{} {} ({} tokens)",
            split.name,
            number::grouped(split.examples as u64),
            number::si(tokens as f64)
        ),
        None => format!("{} {}", split.name, number::grouped(split.examples as u64)),
    };
    task.splits.iter().map(split).collect::<Vec<_>>().join(", ")
}

fn references(study: &Study) -> Option<Table> {
    let mut table = Table::new("Published results", &["task", "model", "#score", "source"]);
    for task in &study.tasks {
        for reference in &task.references {
            table.rows.push(vec![
                Cell::new(&task.name),
                Cell::new(&reference.what),
                Cell::new(number::score(reference.score, None, &task.metric)),
                Cell::new(&reference.source),
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

fn how(study: &Study) -> Option<Table> {
    let columns = ["architecture", "task", "objective", "#learning rate", "#steps", "#tokens"];
    let mut table =
        Table::new("Training objective of each architecture on each task", &columns).folded();
    for of in &study.candidates {
        table.rows.push(vec![
            Cell::new(&of.architecture),
            Cell::new(&of.task),
            match &of.pretrained {
                Some(from) => Cell::new(&of.how).note(format!("from the weights of {from}")),
                None => Cell::new(&of.how),
            },
            Cell::new(number::rate(of.learning_rate)),
            Cell::new(number::grouped(of.training.steps as u64)),
            Cell::new(number::si(of.training.tokens as f64)),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}

fn settings(study: &Study) -> Table {
    let s = &study.settings;
    let device = &study.device;
    let seeds: Vec<String> = study.seeds.iter().map(u64::to_string).collect();
    let memory = device.memory.map_or_else(|| "unknown".into(), number::bytes);
    let cores = device.cores.map_or_else(|| "unknown".into(), |cores| cores.to_string());
    let rows = [
        ("budget", budget(study.budget)),
        ("seeds", seeds.join(", ")),
        ("optimizer", s.optimizer.clone()),
        ("schedule", s.schedule.clone()),
        ("batch size", s.batch.clone()),
        ("dropout", s.dropout.clone()),
        ("weight decay", s.weight_decay.to_string()),
        ("length of training", s.length.clone()),
        ("evaluation", s.evaluation.clone()),
        ("tests", format!("{}, {} correction", s.test, s.correction)),
        ("device", format!("{} ({})", device.description, device.name)),
        ("cores", cores),
        ("memory", memory),
        ("started", study.started.clone()),
        ("total run time", number::duration(study.seconds)),
        ("zoo", study.versions.zoo.clone()),
        ("Burn", study.versions.burn.clone()),
        ("rustc", study.versions.rustc.clone()),
        ("features", study.versions.features.join(", ")),
    ];
    let mut table = Table::new("Settings", &["setting", "value"]);
    table.rows = rows.into_iter().map(|(a, b)| vec![Cell::new(a), Cell::new(b)]).collect();
    table
}
