//! `zoo compare`

mod progress;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::json;

use super::{Global, usage};
use crate::compare::job::{Cache, Job, Record};
use crate::compare::plan::Plan;
use crate::compare::report;
use crate::compare::report::page::Finding;
use crate::compare::runner::{self, Event, Program};
use crate::compare::spec::{Amount, MatchBy, Spec, TaskEntry, Training};
use crate::compare::summing_up::{Circumstances, Ran, best_rate, study};
use crate::datasets::locate::Places;
pub(super) use work::work;

/// Compare architectures on tasks, at one budget, and write a report.
#[derive(clap::Args)]
#[command(after_help = "\
Every architecture gets the model that costs as much as the budget says, the same examples in the same \
order, and a learning rate chosen by short runs of its own. Runs are kept: the same command again does \
only what is missing, and another architecture only its own runs.

Examples:
  zoo compare gpt2 lstm --task mqar --size 100k
  zoo compare bert gpt2 t5 lstm --task listops --match params --size 1M --seeds 3
  zoo compare study.toml --jobs 2
  zoo compare gpt2 llama --task names --match time --size 60s --plan")]
pub(crate) struct CompareArgs {
    /// Families (`zoo list`), or one TOML file with everything
    #[arg(value_name = "FAMILY", required = true)]
    architectures: Vec<String>,
    /// A task, with settings behind a colon; can be given more than once (`zoo list`)
    #[arg(long = "task", short, value_name = "TASK")]
    tasks: Vec<String>,
    /// What is held equal
    #[arg(long = "match", value_name = "WHAT", default_value = "params")]
    match_by: MatchBy,
    /// How much of it: 250k or 1M, or a time such as 60s
    #[arg(long, value_name = "AMOUNT", default_value = "1M")]
    size: Amount,
    /// Seeds
    #[arg(long, value_name = "N", default_value_t = 3)]
    seeds: u64,
    /// Steps of a run
    #[arg(long, value_name = "N", default_value_t = Training::default().steps)]
    steps: usize,
    /// Examples of a step
    #[arg(long, value_name = "N", default_value_t = Training::default().batch_size)]
    batch_size: usize,
    /// Learning rates to choose from, with commas between them
    #[arg(long, value_name = "RATES", value_delimiter = ',', default_values_t = Training::default().rates)]
    rates: Vec<f64>,
    /// Probability of dropping a feature in training
    #[arg(long, value_name = "P", default_value_t = Training::default().dropout)]
    dropout: f64,
    /// Where the report goes [default: reports/NAME]
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where runs are kept
    #[arg(long, value_name = "DIR", default_value = "runs/compared")]
    cache: PathBuf,
    /// Runs at once; speeds are measured well with one
    #[arg(long, short, value_name = "N", default_value_t = 1)]
    jobs: usize,
    /// Show what would be run, and end
    #[arg(long)]
    plan: bool,
}

pub(super) fn run(global: &Global, args: &CompareArgs) -> Result<()> {
    let spec = args.spec(global)?;
    // Before anything runs: the device, the data, who can do what, the sizes.
    global.device()?;
    let plan = Plan::new(spec, &Places::from_env(), &global.device).map_err(usage)?;
    let out = args.out.clone().unwrap_or_else(|| default_out(args, &plan));
    show_plan(global, &plan, args.plan)?;
    if args.plan {
        return Ok(());
    }
    let stop = stop_at_interrupt()?;
    let (began, started) = (Instant::now(), chrono::Utc::now().format("%Y-%m-%d %H:%M UTC"));
    let program = Program {
        path: std::env::current_exe().context("cannot find this program's own file")?,
        arguments: work::arguments(global),
    };
    let cache = Cache::new(&args.cache);
    let shown = progress::Shown::new(global, &plan);
    let runner = Runner { program, cache, at_once: args.jobs, stop, shown: &shown };
    let ran = runner.go(&plan)?;
    shown.finish();
    let circumstances = Circumstances {
        command: command(),
        started: started.to_string(),
        seconds: began.elapsed().as_secs_f64(),
        device: work::described(global),
        versions: work::versions(),
    };
    let study = study(&plan, &ran, Vec::new(), circumstances)?;
    let paths = report::write(&study, &out)?;
    let verdict: Vec<String> = report::page(&study).findings.iter().map(sentence).collect();
    if global.json {
        return global.print_json(&json!({ "verdict": verdict, "files": paths, "study": study }));
    }
    global.print(&verdict.join("\n\n"))?;
    for path in paths {
        global.note(&format!("wrote {}", path.display()));
    }
    Ok(())
}

fn sentence(finding: &Finding) -> String {
    let task = match finding.task.as_str() {
        "" => String::new(),
        task => format!("{task}: "),
    };
    format!("{task}{}. {}", finding.heading, finding.text.join(" "))
}

/// Does what a plan says.
struct Runner<'a> {
    program: Program,
    cache: Cache,
    at_once: usize,
    stop: Arc<AtomicBool>,
    shown: &'a progress::Shown,
}

impl Runner<'_> {
    /// The runs of every contestant: first those that choose the learning rates.
    fn go(&self, plan: &Plan) -> Result<Vec<Ran>> {
        let trials: Vec<Vec<Job>> = plan.contestants.iter().map(|c| plan.trials(c)).collect();
        let mut tried = self.each(&trials)?.into_iter();
        let mut rates = Vec::new();
        let mut chosen = Vec::new();
        for contestant in &plan.contestants {
            let planned = &plan.tasks[contestant.task];
            let trials = tried.next().unwrap_or_default();
            let of_task = &planned.training.rates;
            rates.push(best_rate(&trials, of_task, planned.task.score));
            chosen.push(trials);
        }
        let jobs = |(contestant, rate): (_, &f64)| -> Vec<Job> {
            plan.seeds().into_iter().map(|seed| plan.run(contestant, seed, *rate)).collect()
        };
        let runs: Vec<Vec<Job>> = plan.contestants.iter().zip(&rates).map(jobs).collect();
        let runs = self.each(&runs)?;
        let ran = chosen.into_iter().zip(rates).zip(runs);
        Ok(ran.map(|((trials, rate), runs)| Ran { trials, rate, runs }).collect())
    }

    /// Does lists of jobs as if they were one.
    fn each(&self, lists: &[Vec<Job>]) -> Result<Vec<Vec<Record>>> {
        let jobs = lists.concat();
        let tell = |event: Event<'_>| self.shown.event(event);
        let at_once = (self.at_once, &*self.stop);
        let records = runner::run((&self.program, &self.cache), &jobs, at_once, &tell);
        let mut records = records?.into_iter();
        Ok(lists.iter().map(|list| records.by_ref().take(list.len()).collect()).collect())
    }
}

impl CompareArgs {
    fn spec(&self, global: &Global) -> Result<Spec> {
        if let [file] = self.architectures.as_slice()
            && file.ends_with(".toml")
        {
            if !self.tasks.is_empty() {
                return Err(usage(format!("{file} names the tasks; leave --task out")));
            }
            return Spec::read(Path::new(file)).map_err(usage);
        }
        if self.tasks.is_empty() {
            return Err(usage("no task is named; give one with --task (`zoo list` has them)"));
        }
        Ok(Spec {
            title: None,
            architectures: self.architectures.clone(),
            tasks: self.tasks.iter().cloned().map(TaskEntry::Name).collect(),
            match_by: self.match_by,
            size: self.size,
            seeds: self.seeds,
            first_seed: global.seed,
            training: Training {
                steps: self.steps,
                batch_size: self.batch_size,
                rates: self.rates.clone(),
                dropout: self.dropout,
                ..Training::default()
            },
            lengths: Vec::new(),
        })
    }
}

fn default_out(args: &CompareArgs, plan: &Plan) -> PathBuf {
    let name = match args.architectures.as_slice() {
        [file] if file.ends_with(".toml") => {
            Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned()
        }
        _ => {
            let tasks = plan.tasks.iter().map(|planned| planned.task.spec.info().name);
            let names = plan.spec.architectures.iter().map(String::as_str).chain(tasks);
            names.collect::<Vec<_>>().join("-")
        }
    };
    PathBuf::from("reports").join(name)
}

/// What each architecture gets.
fn show_plan(global: &Global, plan: &Plan, is_all: bool) -> Result<()> {
    let line = |contestant: &crate::compare::plan::Contestant| {
        let sized = &contestant.sized;
        json!({
            "task": plan.tasks[contestant.task].task.spec.to_string(),
            "architecture": contestant.family.name(),
            "how": contestant.way.sentence(plan.tasks[contestant.task].task.need),
            "dimensions": sized.dimensions,
            "parameters": sized.parameters,
            "flops_per_token": sized.flops,
            "deviation": sized.deviation,
        })
    };
    if is_all && global.json {
        let lines: Vec<_> = plan.contestants.iter().map(line).collect();
        return global.print_json(&lines.into());
    }
    for (index, planned) in plan.tasks.iter().enumerate() {
        let mut rows = vec![format!("{}", planned.task.spec)];
        for contestant in plan.contestants.iter().filter(|c| c.task == index) {
            let (sized, d) = (&contestant.sized, &contestant.sized.dimensions);
            let heads = d.n_heads.map(|heads| format!(", {heads} heads")).unwrap_or_default();
            let wide = d.d_ff.map(|d_ff| format!(", d_ff {d_ff}")).unwrap_or_default();
            rows.push(format!(
                "  {:<12} {} layers, d_model {}{heads}{wide}: {} parameters ({:+.1} %) and {} of embeddings",
                contestant.family.name(),
                d.n_layers,
                d.d_model,
                crate::system::count(sized.parameters.body),
                100.0 * sized.deviation,
                crate::system::count(sized.parameters.embeddings),
            ));
        }
        let text = rows.join("\n");
        if is_all { global.print(&text)? } else { global.note(&text) }
    }
    Ok(())
}

/// The command as it was typed.
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

/// Set at Ctrl-C; what runs then ends, and what is done is kept.
fn stop_at_interrupt() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst))
        .context("cannot wait for Ctrl-C")?;
    Ok(stop)
}
