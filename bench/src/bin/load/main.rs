//! Compares the time to load a model with the time to read its file.

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

/// Measure the time from loading a model to the end of its first forward pass, and compare it with
/// reading the file into memory and, optionally, with transformers.
///
/// Every measurement runs in a new process, as in real use: reusing memory is cheaper than
/// allocating it from the system. Starting the process is not measured. The file is in the page
/// cache.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  load\n  load --shape bert-base --python \"$(scripts/reference-env)\" --json"
)]
struct Args {
    /// The model to load, with random weights
    #[arg(long, value_name = "NAME", default_value = "gpt2-124m", conflicts_with = "model")]
    shape: Shape,
    /// The directory of a model with a single weights file, to load instead
    #[arg(long, value_name = "DIRECTORY")]
    model: Option<PathBuf>,
    /// The device to compute on
    #[arg(long, value_name = "DEVICE", default_value = "flex")]
    device: String,
    /// A Python with transformers and torch, to compare with
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// Tokens of the forward pass
    #[arg(long, value_name = "N", default_value_t = 8)]
    tokens: usize,
    /// The number of measured rounds
    #[arg(long, value_name = "N", default_value_t = 11)]
    rounds: usize,
    /// Measure this in this process
    #[arg(long, value_name = "WHAT", hide = true, requires = "model")]
    here: Option<What>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// The measurement of a process.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Reads the file into memory.
    Read,
    /// Loads and runs the model.
    Load,
}

/// The peer's result of loading and running the model.
#[derive(Deserialize)]
struct Other {
    seconds: f64,
    token: u32,
}

/// The results.
#[derive(Serialize)]
struct Found {
    /// The size of the file.
    bytes: u64,
    /// The time to read it, over the rounds.
    read_milliseconds: Spread,
    /// The time to the end of the forward pass.
    load_milliseconds: Spread,
    /// The part of this time until the model was loaded.
    until_model_milliseconds: Spread,
    /// The time to load divided by the time to read, per round.
    ratio: Spread,
    /// The peak memory of loading divided by the size of the file.
    memory: Option<f64>,
    peer: Option<Compared>,
}

/// The comparison with the peer.
#[derive(Serialize)]
struct Compared {
    name: String,
    milliseconds: Spread,
    /// Its time divided by ours, per round: above 1, Burn Zoo is faster.
    ratio: Spread,
    /// Whether the likeliest token at the last position was the same.
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

/// Measures all in turn, after an unmeasured warm-up round.
fn measure(args: &Args, folder: &Path) -> Result<Found> {
    let file = folder.join(WEIGHTS_FILE);
    let bytes = file.metadata().with_context(|| file.display().to_string())?.len();
    let (mut reads, mut loads, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut name = String::new();
    for round in 0..=args.rounds {
        let read: Read = in_a_process(args, What::Read, folder)?;
        let load: Loaded = in_a_process(args, What::Load, folder)?;
        let other = match &args.python {
            Some(python) => {
                let (ready, other) = ask(args, python, folder)?;
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

/// Runs this program in a subprocess for one measurement.
fn in_a_process<T: DeserializeOwned>(args: &Args, what: What, folder: &Path) -> Result<T> {
    let name = what.to_possible_value().context("a measurement has a name")?;
    let output = Command::new(std::env::current_exe()?)
        .args(["--here", name.get_name(), "--device", &args.device])
        .args(["--tokens", &args.tokens.to_string(), "--model"])
        .arg(folder)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "{what:?}: {}", output.status);
    serde_json::from_slice(&output.stdout).context("invalid output of the subprocess")
}

/// Starts a new peer for one measurement.
fn ask(args: &Args, python: &Path, folder: &Path) -> Result<(String, Other)> {
    let folder = folder.to_str().context("a peer's directory must be valid UTF-8")?;
    let mut peer = Peer::script(python, "load.py", &[folder])?;
    let other = peer.ask(&json!({ "tokens": tokens(args.tokens) }))?;
    Ok((peer.ready().to_string(), other))
}

fn print(args: &Args, found: &Found) {
    let Found { bytes, read_milliseconds, load_milliseconds, ratio, .. } = found;
    println!(
        "{:.1} MB, {} rounds, {} threads, each measurement in a new process",
        *bytes as f64 / 1e6,
        args.rounds,
        roofline::threads()
    );
    println!("reading the file: {read_milliseconds} ms");
    println!(
        "loading to the end of the first forward pass of {} tokens: {load_milliseconds} ms, of which \
         {} until the model was loaded",
        args.tokens, found.until_model_milliseconds
    );
    println!("  {ratio} times the time to read the file");
    if let Some(memory) = found.memory {
        println!("  peak memory: {memory:.2} times the file's size");
    }
    if let Some(Compared { name, milliseconds, ratio, same_token }) = &found.peer {
        let same = if *same_token { "the same token" } else { "another token" };
        println!("{name}: {milliseconds} ms, {same}; {ratio} times ours");
    }
}
