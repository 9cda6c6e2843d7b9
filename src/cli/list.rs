//! `zoo list`

use std::fmt::Write;

use anyhow::Result;
use serde_json::{Value, json};

use super::Global;
use crate::datasets::task::TASKS;
use crate::datasets::text::DATA_SETS;
use crate::models::families::{FAMILIES, NAMED_SIZES, NamedSize};

/// List families, data sets and tasks.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  zoo list\n  zoo list --json | jq '.families[].name'")]
pub(crate) struct ListArgs {}

pub(super) fn run(global: &Global, _args: &ListArgs) -> Result<()> {
    if global.json {
        return global.print_json(&json());
    }
    let mut text = String::from("families (* can be trained with zoo train <family>)\n");
    for family in FAMILIES {
        let mark = if family.is_generative() { '*' } else { ' ' };
        writeln!(text, "{mark} {:<17}{}", family.name(), family.summary)?;
        writeln!(text, "  {:<17}{}", "", family.paper)?;
        writeln!(text, "  {:<17}loads {}", "", family.classes(|_| true).join(", "))?;
    }
    text += "\nsizes (--size)\n";
    for NamedSize { name, n_layers, n_heads, d_model } in NAMED_SIZES {
        writeln!(text, "  {name:<17}{n_layers} layers, {n_heads} heads, d_model {d_model}")?;
    }
    text += "\ntexts (--data)\n";
    for set in DATA_SETS {
        writeln!(text, "  {:<17}{}", set.name, set.about)?;
        writeln!(text, "  {:<17}license: {}", "", set.license)?;
    }
    text += "\ntasks (zoo compare --task), with the settings that can follow a colon\n";
    for task in TASKS {
        writeln!(text, "  {:<17}{}", task.name, task.about)?;
        let defaults = task.defaults();
        let settings = defaults.iter().map(|(name, value)| format!("{name}={value}"));
        writeln!(text, "  {:<17}{}", "", settings.collect::<Vec<_>>().join(", "))?;
    }
    global.print(text.trim_end())
}

fn json() -> Value {
    let families: Vec<Value> = FAMILIES
        .iter()
        .map(|family| {
            json!({
                "name": family.name(),
                "model_types": family.model_types,
                "summary": family.summary,
                "paper": family.paper,
                "architectures": family.classes(|_| true),
                "trained_by_zoo_train": family.is_generative(),
            })
        })
        .collect();
    let sizes: Vec<Value> = NAMED_SIZES
        .iter()
        .map(|NamedSize { name, n_layers, n_heads, d_model }| {
            json!({ "name": name, "layers": n_layers, "heads": n_heads, "d_model": d_model })
        })
        .collect();
    let data: Vec<Value> = DATA_SETS
        .iter()
        .map(|set| json!({ "name": set.name, "about": set.about, "license": set.license }))
        .collect();
    let tasks: Vec<Value> = TASKS
        .iter()
        .map(|task| json!({ "name": task.name, "about": task.about, "settings": task.defaults() }))
        .collect();
    json!({ "families": families, "sizes": sizes, "data": data, "tasks": tasks })
}
