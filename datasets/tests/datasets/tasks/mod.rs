//! Tests of tasks: common properties, and each task by itself.

mod dates;
mod generated;
mod oracles;
mod real;
mod specs;
mod user;

use std::env;
use std::path::{Path, PathBuf};
use zoo_datasets::locate::SearchPath;
use zoo_datasets::task::{Example, Task, TaskSpec};

/// Builds a task that needs no file.
fn generated(text: &str) -> Task {
    TaskSpec::parse(text).unwrap().build(&SearchPath::default()).unwrap()
}

/// The task, if its files are available locally; never downloaded here.
fn real(text: &str, folder: &str) -> Option<Task> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = env::var_os("ZOO_DATA").map_or(beside, PathBuf::from);
    if !data.join(folder).is_dir() {
        eprintln!("skipped: no {folder} in {}; set ZOO_DATA to run this test", data.display());
        return None;
    }
    let search_path = SearchPath { data: Some(data), cache: None };
    Some(TaskSpec::parse(text).unwrap().build(&search_path).unwrap())
}

/// The first training examples of a seed.
fn train(task: &Task, seed: u64, count: u64) -> Vec<Example> {
    (0..count).map(|index| task.train(seed, index)).collect()
}

/// The written forms of tokens, in order.
fn written<'a>(task: &'a Task, ids: &[u32]) -> Vec<&'a str> {
    ids.iter().map(|&id| task.tokens.written(id).unwrap()).collect()
}

/// The names of the labels at positions with a target.
fn names<'a>(task: &'a Task, tags: &[Option<u32>]) -> Vec<Option<&'a str>> {
    tags.iter().map(|tag| tag.map(|label| task.label_name(label).unwrap())).collect()
}
