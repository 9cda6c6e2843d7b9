//! How long does it take to load a model, beside reading its file?

#![recursion_limit = "256"]

mod here;
mod shape;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use burn_zoo::models::checkpoint::WEIGHTS_FILE;
use clap::{Parser, ValueEnum};
use here::{Loaded, Read, tokens};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shape::Shape;
use zoo_bench::peer::Peer;
use zoo_bench::roofline;
use zoo_bench::spread::{Spread, median};

/// Load a model up to the end of its first forward pass, and compare that with reading its file into memory
/// and, on request, with transformers.
///
/// Every measurement is made in a new process, as programs load: memory that a process has had before costs
/// less than new memory. Starting the process does not count. The file is in the page cache.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  load\n  load --shape bert-base --python \"$(scripts/reference-env)\" --json"
)]
struct Args {
    /// What is loaded, its weights drawn at random
    #[arg(long, value_name = "NAME", default_value = "gpt2-124m", conflicts_with = "model")]
    shape: Shape,
    /// A model with one file of weights, to load that instead
    #[arg(long, value_name = "DIRECTORY")]
    model: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_name = "DEVICE", default_value = "flex")]
    device: String,
    /// A Python with transformers and torch, to run beside
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// Tokens of the forward pass
    #[arg(long, value_name = "N", default_value_t = 8)]
    tokens: usize,
    /// How often each is measured
    #[arg(long, value_name = "N", default_value_t = 11)]
    rounds: usize,
    /// Measure this in this process
    #[arg(long, value_name = "WHAT", hide = true, requires = "model")]
    here: Option<What>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// What a process measures.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// The file is read into memory.
    Read,
    /// The model is loaded and applied.
    Load,
}

/// The peer loaded it and applied it.
#[derive(Deserialize)]
struct Other {
    seconds: f64,
    token: u32,
}

/// What was found.
#[derive(Serialize)]
struct Found {
    /// Of the file.
    bytes: u64,
    /// Of reading it, over the rounds.
    read_milliseconds: Spread,
    /// Up to the end of the forward pass.
    load_milliseconds: Spread,
    /// Of these, until there was a model.
    until_model_milliseconds: Spread,
    /// The time of loading by that of reading, round by round.
    ratio: Spread,
    /// The most memory that loading took by the size of the file.
    memory: Option<f64>,
    peer: Option<Compared>,
}

/// The peer beside.
#[derive(Serialize)]
struct Compared {
    name: String,
    milliseconds: Spread,
    /// Its time by ours, round by round: above 1 we are faster.
    ratio: Spread,
    /// Whether the last place's likeliest token was the same.
    same_token: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.rounds >= 1 && args.tokens >= 1, "there is nothing to measure");
    if let (Some(what), Some(folder)) = (args.here, &args.model) {
        match what {
            What::Read => println!("{}", serde_json::to_string(&here::read(folder)?)?),
            What::Load => {
                let loaded = here::load_and_apply(folder, &args.device, &tokens(args.tokens))?;
                println!("{}", serde_json::to_string(&loaded)?);
            }
        }
        return Ok(());
    }
    let temporary = tempfile::tempdir()?;
    let folder = match &args.model {
        Some(folder) => folder.clone(),
        None => {
            args.shape.save(temporary.path())?;
            temporary.path().to_path_buf()
        }
    };
    let found = measure(&args, &folder)?;
    if args.json {
        let report = json!({
            "threads": roofline::threads(), "device": args.device, "tokens": args.tokens,
            "rounds": args.rounds, "found": found,
        });
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    print(&args, &found);
    Ok(())
}

/// All by turns, after a round that nobody counts.
fn measure(args: &Args, folder: &Path) -> Result<Found> {
    let file = folder.join(WEIGHTS_FILE);
    let bytes = file.metadata().with_context(|| file.display().to_string())?.len();
    let (mut reads, mut loads, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut name = String::new();
    for round in 0..=args.rounds {
        let read: Read = in_a_process(args, (What::Read, folder))?;
        let load: Loaded = in_a_process(args, (What::Load, folder))?;
        let other = match &args.python {
            Some(python) => {
                let (ready, other) = ask(args, (python, folder))?;
                name = ready;
                Some(other)
            }
            None => None,
        };
        if round > 0 {
            reads.push(read.seconds);
            loads.push(load);
            others.extend(other);
        }
    }
    let milliseconds = |seconds: &[f64]| {
        Spread::of(&seconds.iter().map(|seconds| 1e3 * seconds).collect::<Vec<_>>())
    };
    let ratios = |above: &[f64], below: &[f64]| {
        Spread::of(&above.iter().zip(below).map(|(above, below)| above / below).collect::<Vec<_>>())
    };
    let totals: Vec<f64> = loads.iter().map(|load| load.seconds).collect();
    let until_model: Vec<f64> = loads.iter().map(|load| load.until_model).collect();
    let held: Option<Vec<f64>> = loads.iter().map(|load| Some(load.bytes? as f64)).collect();
    let peer = (!others.is_empty()).then(|| {
        let seconds: Vec<f64> = others.iter().map(|other| other.seconds).collect();
        let mut pairs = loads.iter().zip(&others);
        Compared {
            name,
            milliseconds: milliseconds(&seconds),
            ratio: ratios(&seconds, &totals),
            same_token: pairs.all(|(load, other)| load.token == other.token),
        }
    });
    Ok(Found {
        bytes,
        read_milliseconds: milliseconds(&reads),
        load_milliseconds: milliseconds(&totals),
        until_model_milliseconds: milliseconds(&until_model),
        ratio: ratios(&totals, &reads),
        memory: held.map(|held| median(&held) / bytes as f64),
        peer,
    })
}

/// This program once more, for one measurement.
fn in_a_process<T: DeserializeOwned>(args: &Args, (what, folder): (What, &Path)) -> Result<T> {
    let name = what.to_possible_value().context("a measurement has a name")?;
    let output = Command::new(std::env::current_exe()?)
        .args(["--here", name.get_name(), "--device", &args.device])
        .args(["--tokens", &args.tokens.to_string(), "--model"])
        .arg(folder)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "{what:?}: {}", output.status);
    serde_json::from_slice(&output.stdout).context("what was measured")
}

/// A new peer, for one measurement.
fn ask(args: &Args, (python, folder): (&Path, &Path)) -> Result<(String, Other)> {
    let folder = folder.to_str().context("a peer is told a directory in UTF-8")?;
    let mut peer = Peer::script(python, "load.py", &[folder])?;
    let other = peer.ask(&json!({ "tokens": tokens(args.tokens) }))?;
    Ok((peer.ready().to_string(), other))
}

fn print(args: &Args, found: &Found) {
    let Found { bytes, read_milliseconds, load_milliseconds, ratio, .. } = found;
    println!(
        "{:.1} MB, {} rounds, {} threads, each time in a new process",
        *bytes as f64 / 1e6,
        args.rounds,
        roofline::threads()
    );
    println!("reading the file: {read_milliseconds} ms");
    println!(
        "loading to the end of the first forward pass of {} tokens: {load_milliseconds} ms, of which \
         {} until there was a model",
        args.tokens, found.until_model_milliseconds
    );
    println!("  {ratio} times the time of reading");
    if let Some(memory) = found.memory {
        println!("  {memory:.2} times the file's size in memory at most");
    }
    if let Some(Compared { name, milliseconds, ratio, same_token }) = &found.peer {
        let same = if *same_token { "the same token" } else { "another token" };
        println!("{name}: {milliseconds} ms, {same}; {ratio} times ours");
    }
}
