//! `zoo compare`, and the code that it shares with `zoo sweep`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use serde_json::json;

use super::args::{Architectures, ComparisonArgs, Lengths};
use super::runs::Runner;
use super::weights::keep;
use super::{progress, work};
use crate::cli::model::model_folder;
use crate::cli::{Global, usage};
use crate::compare::aggregate::{RunEnvironment, study};
use crate::compare::job::Cache;
use crate::compare::plan::{Plan, PlannedCandidate};
use crate::compare::runner::{JobRunner, Program};
use crate::compare::spec::{Amount, Spec};
use crate::datasets::locate::SearchPath;
use crate::report;
use crate::report::page::Finding;

/// Compare architectures on tasks and write a report.
#[derive(clap::Args)]
#[command(after_help = "\
Every architecture gets a model sized to the same budget, the same examples in the same order, and a \
learning rate tuned by short trial runs. Runs are cached: repeating the command only executes missing \
runs, and adding an architecture only executes its runs.

Examples:
  zoo compare gpt2 lstm --task mqar --size 100k
  zoo compare bert gpt2 t5 lstm --task listops --match params --size 1M --seeds 3
  zoo compare study.toml --jobs 2
  zoo compare bert lstm --task csv:file=reviews.csv --keep-weights
  zoo compare bert minilm:./all-MiniLM-L6-v2 --task polarity --dropout 0.3
  zoo compare gpt2 llama --task names --match time --size 60s --plan")]
pub(crate) struct CompareArgs {
    /// Families (`zoo list`), checkpoints as NAME:MODEL, or a TOML file with the whole comparison
    #[arg(value_name = "FAMILY", required = true)]
    architectures: Vec<String>,
    /// The budget: 250k or 1M, or a time such as 60s
    #[arg(long, value_name = "AMOUNT", default_value = "1M")]
    size: Amount,
    /// Comma-separated sequence lengths for speed and memory measurements, or none
    #[arg(long, value_name = "LENGTHS", default_value = "512,1024,2048,4096")]
    lengths: Lengths,
    #[command(flatten)]
    args: ComparisonArgs,
}

pub(in crate::cli) fn run(global: &Global, args: &CompareArgs) -> Result<()> {
    let CompareArgs { architectures, size, lengths, args } = args;
    if let [file] = architectures.as_slice()
        && file.ends_with(".toml")
    {
        if !args.tasks.is_empty() {
            return Err(usage(format!("{file} specifies the tasks; omit --task")));
        }
        let file = Path::new(file);
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned());
        return carry_out(global, Spec::read(file).map_err(usage)?, args, name);
    }
    if args.tasks.is_empty() {
        return Err(usage("no task given; pass one with --task (see `zoo list`)"));
    }
    let Architectures { names, init_from } = Architectures::parse(architectures);
    let mut spec = args.spec(&names, global.seed(), *size);
    spec.init_from = init_from;
    spec.lengths.clone_from(&lengths.0);
    carry_out(global, spec, args, None)
}

/// Runs the comparison and writes the report. `name` is the name of its TOML file.
pub(super) fn carry_out(
    global: &Global,
    mut spec: Spec,
    args: &ComparisonArgs,
    name: Option<String>,
) -> Result<()> {
    // Checked before the first run: device, data, supported tasks and sizes.
    global.device()?;
    for folder in spec.init_from.values_mut() {
        *folder = model_folder(global, folder)?;
    }
    let plan = Plan::new(spec, &SearchPath::from_env(), &global.device).map_err(usage)?;
    let out = args.out.clone().unwrap_or_else(|| default_out(&plan, name));
    for planned in &plan.tasks {
        for note in planned.task.notes() {
            global.note(&format!("{}: {note}", planned.task.spec));
        }
    }
    show_plan(global, &plan, args.plan)?;
    if args.plan {
        return Ok(());
    }
    let stop = stop_at_interrupt()?;
    let started = chrono::Utc::now().format("%Y-%m-%d %H:%M UTC");
    let program = Program {
        path: std::env::current_exe().context("cannot find the path of this executable")?,
        arguments: work::arguments(global),
        threads: threads(args.jobs),
    };
    let cache = Cache::new(&args.cache);
    let shown = progress::Shown::new(global, &plan, args.jobs);
    let weights = args.keep_weights.then(|| args.cache.join("weights"));
    let job_runner = JobRunner { program, cache, at_once: args.jobs, stop, weights };
    let runner = Runner { job_runner, shown: &shown };
    let done = runner.go(&plan).and_then(|ran| Ok((runner.costs(&plan)?, ran)));
    let kept = done.and_then(|(costs, ran)| {
        let kept = keep(&runner.job_runner, &shown, &plan, &ran, &out)?;
        Ok((costs, ran, kept))
    });
    shown.finish();
    let (costs, ran, kept) = kept?;
    let environment = RunEnvironment {
        command: command(),
        started: started.to_string(),
        device: work::described(global),
        versions: work::versions(),
    };
    let study = study(&plan, &ran, costs, environment)?;
    let paths = report::write(&study, &out)?;
    let verdict: Vec<String> = report::page(&study).findings.iter().map(sentence).collect();
    if global.json {
        return global.print_json(&json!({
            "verdict": verdict, "files": paths, "weights": kept, "study": study,
        }));
    }
    global.print(&verdict.join("\n\n"))?;
    for path in paths.iter().chain(&kept) {
        global.note(&format!("wrote {}", path.display()));
    }
    Ok(())
}

/// Threads per run for concurrent runs, so that they do not oversubscribe the cores.
fn threads(jobs: usize) -> Option<usize> {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    (jobs > 1).then(|| (cores / jobs).max(1))
}

fn sentence(finding: &Finding) -> String {
    let task = match finding.task.as_str() {
        "" => String::new(),
        task => format!("{task}: "),
    };
    format!("{task}{}. {}", finding.heading, finding.text.join(" "))
}

fn default_out(plan: &Plan, name: Option<String>) -> PathBuf {
    let tasks = plan.tasks.iter().map(|planned| planned.task.spec.info().name);
    let names = plan.spec.architectures.iter().map(String::as_str).chain(tasks);
    let name = name.unwrap_or_else(|| names.collect::<Vec<_>>().join("-"));
    PathBuf::from("reports").join(name)
}

/// Prints the model of each architecture.
fn show_plan(global: &Global, plan: &Plan, is_all: bool) -> Result<()> {
    let line = |candidate: &PlannedCandidate| {
        let sized = &candidate.sized;
        json!({
            "task": plan.tasks[candidate.task].task.spec.to_string(),
            "architecture": candidate.name,
            "pretrained": candidate.pretrained.as_ref().map(|start| &start.init_from.folder),
            "how": candidate.objective.sentence(plan.tasks[candidate.task].task.kind),
            "dimensions": sized.dimensions,
            "parameters": sized.parameters,
            "flops_per_token": sized.flops,
            "deviation": sized.deviation,
        })
    };
    if is_all && global.json {
        let lines: Vec<_> = plan.candidates.iter().map(line).collect();
        return global.print_json(&lines.into());
    }
    for (index, planned) in plan.tasks.iter().enumerate() {
        let mut rows = vec![format!("{}", planned.task.spec)];
        for candidate in plan.candidates.iter().filter(|c| c.task == index) {
            let (sized, d) = (&candidate.sized, &candidate.sized.dimensions);
            let heads = d.n_heads.map(|heads| format!(", {heads} heads")).unwrap_or_default();
            let wide = d.d_ff.map(|d_ff| format!(", d_ff {d_ff}")).unwrap_or_default();
            let budget = match candidate.pretrained {
                Some(_) => "pretrained".to_string(),
                None => format!("{:+.1} %", 100.0 * sized.deviation),
            };
            rows.push(format!(
                "  {:<12} {} layers, d_model {}{heads}{wide}: {} parameters ({budget}) and {} of embeddings",
                candidate.name,
                d.n_layers,
                d.d_model,
                crate::system::count(sized.parameters.body),
                crate::system::count(sized.parameters.embeddings),
            ));
        }
        let text = rows.join("\n");
        if is_all { global.print(&text)? } else { global.note(&text) }
    }
    Ok(())
}

/// The command line, quoted for a shell.
fn command() -> String {
    let words = std::env::args().skip(1).map(|word| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@".contains(c);
        if !word.is_empty() && word.chars().all(is_plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    ["zoo".to_string()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// A flag that Ctrl-C sets: active runs are stopped, and finished runs are kept.
fn stop_at_interrupt() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst))
        .context("cannot handle Ctrl-C")?;
    Ok(stop)
}
