//! `zoo parity`

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;

use super::{Global, usage};
use crate::device;
use crate::models::checkpoint::{write_atomically, write_json};
use crate::models::families::{self, FAMILIES};
use crate::parity::{self, Check, ParityCase, ParityRun, ParityVerdict, RunOf};

/// Compare a device's results with flex, model by model.
#[derive(clap::Args)]
#[command(
    after_help = "Small models of every family run forward passes, gradients, 20 training steps and cached \
                  decoding on both devices. By default, the models are a minimal set that covers \
                  every family and every head. The exit status is 1 if a model exceeds its error \
                  limit.\n\nExamples:\n  \
                  zoo parity --device tch\n  \
                  zoo parity --device wgpu llama bert --json\n  \
                  zoo parity --device cuda --no-fusion --save docs/parity\n  \
                  zoo parity --device tch --all --stale --save docs/parity\n  \
                  zoo parity --page docs/src/parity.md --save docs/parity"
)]
pub(crate) struct ParityArgs {
    /// Families to compare, with every class (`zoo list`)
    #[arg(value_name = "FAMILY")]
    families: Vec<String>,
    /// Every class of every family
    #[arg(long, conflicts_with = "families")]
    all: bool,
    /// A minimal set of models that covers every kind of layer, block and head
    #[arg(long, conflicts_with_all = ["families", "all"])]
    sample: bool,
    /// Save the results to this directory, in one file per device; with FAMILY, results of other
    /// families in the file are kept
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Only models whose result in the directory of --save is missing or of other code
    #[arg(long, requires = "save")]
    stale: bool,
    /// Do not compare; write a page of tables from the files of --save
    #[arg(long, value_name = "FILE", requires = "save", conflicts_with_all = ["families", "all", "sample"])]
    page: Option<PathBuf>,
}

pub(super) fn run(global: &Global, args: &ParityArgs) -> Result<()> {
    if let (Some(page), Some(folder)) = (&args.page, &args.save) {
        let text = parity::page(&read(folder)?);
        write_atomically(page, |file| file.write_all(text.as_bytes()))?;
        global.note(&format!("wrote {}", page.display()));
        return Ok(());
    }
    let mut cases = match args.families.as_slice() {
        [] if args.all => ParityCase::all(FAMILIES),
        [] if args.sample => ParityCase::sample(),
        [] => ParityCase::one_per_kind(),
        names => {
            let found: Result<Vec<_>, _> = names.iter().map(|name| families::find(name)).collect();
            ParityCase::all(&found.map_err(usage)?)
        }
    };
    let device = global.device()?;
    let reference = device::reference().map_err(usage)?;
    let of = RunOf::now(&global.device, device::fuses(&global.device), device::hardware(&device));
    global.note(&format!("{}: {}", of.title(), of.hardware));
    let path = args.save.as_ref().map(|folder| folder.join(file_name(&of)));
    let mut run = ParityRun { of, cases: BTreeMap::new(), code: BTreeMap::new() };
    if let Some(path) = &path
        && (args.stale || !args.families.is_empty())
        && path.exists()
    {
        // The results of other cases are kept.
        run = ParityRun { of: run.of, ..read_one(path)? };
    }
    if args.stale {
        cases.retain(|case| !run.is_current(case));
    }
    let mut problems = Vec::new();
    let bar = global.bar(cases.len() as u64, "models");
    for case in &cases {
        bar.set_message(case.name());
        let verdict = parity::compare(case, &device, &reference);
        let name = case.name();
        problems.extend(verdict.problems(&global.device, &name));
        if !global.json {
            bar.suspend(|| global.print(&line(&name, &verdict)))?;
        }
        run.insert(case, verdict);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let (Some(folder), Some(path)) = (&args.save, &path) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        write_json(path, &run)?;
        global.note(&format!("wrote {}", path.display()));
    }
    if global.json {
        global.print_json(&json!({ "run": run, "problems": problems }))?;
    }
    if problems.is_empty() {
        let count = cases.len();
        global.note(&format!("{}: all {count} models agree with flex", run.of.title()));
        return Ok(());
    }
    let count = problems.len();
    anyhow::bail!("{}: {count} exceed the error limit\n  {}", run.of.title(), problems.join("\n  "))
}

/// A model's errors on one line.
fn line(name: &str, verdict: &ParityVerdict) -> String {
    let mut text = format!("{name:<48}");
    match verdict {
        ParityVerdict::Fault(fault) => text.push_str(fault),
        ParityVerdict::Errors(errors) => {
            for check in Check::ALL {
                if let Some(error) = check.error(errors) {
                    let _ = write!(text, " {} {error:.1e}", check.name());
                }
            }
        }
    }
    text
}

/// The file name of a run, such as `wgpu-unfused.json`.
fn file_name(of: &RunOf) -> String {
    let title = of.title().replace(", ", "-").replace(':', "-");
    format!("{title}.json")
}

/// The runs in a directory, sorted by file name.
fn read(folder: &Path) -> Result<Vec<ParityRun>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths.iter().map(|path| read_one(path)).collect()
}

fn read_one(path: &Path) -> Result<ParityRun> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a valid run", path.display()))
}
