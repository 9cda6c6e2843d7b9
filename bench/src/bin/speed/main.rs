//! How long do training steps and forward passes take, here and with PyTorch, and how near is that to
//! what the machine can compute?

#![recursion_limit = "256"]

mod own;
mod shapes;

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, ensure};
use burn_zoo::{Device, device};
use clap::Parser;
use own::{Job, What};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shapes::{SHAPES, Shape};
use zoo_bench::peer::Peer;
use zoo_bench::roofline;
use zoo_bench::spread::Spread;

/// Time training steps and forward passes of several models, by turns with transformers on PyTorch.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  speed --shape gpt2-nano\n  speed --python \"$(scripts/reference-env)\" \
                  --device flex --device tch --json > speed.json"
)]
struct Args {
    /// What is measured; may be given several times, all by default
    #[arg(long = "shape", value_name = "NAME", value_parser = shapes::find)]
    shapes: Vec<Shape>,
    /// Training steps or forward passes; both by default
    #[arg(long = "what", value_name = "WHAT")]
    whats: Vec<What>,
    /// Where to compute; may be given several times
    #[arg(long = "device", value_name = "DEVICE", default_value = "flex")]
    devices: Vec<String>,
    /// A Python with transformers and torch, to run beside
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// How PyTorch runs; both by default
    #[arg(long = "mode", value_name = "MODE")]
    modes: Vec<Mode>,
    /// How often each is measured
    #[arg(long, value_name = "N", default_value_t = 11)]
    rounds: usize,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// How PyTorch runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// Operation by operation.
    Eager,
    /// As `torch.compile` makes it, with AdamW fused.
    Compiled,
}

/// One device's times for one shape.
#[derive(Serialize)]
struct Found {
    shape: &'static str,
    what: What,
    device: String,
    milliseconds: Spread,
    /// Billions of floating-point operations per second, by the median.
    gflops: f64,
    peers: Vec<Compared>,
}

/// A peer beside it.
#[derive(Serialize)]
struct Compared {
    mode: Mode,
    milliseconds: Spread,
    /// Its time by ours, round by round: above 1 we are faster.
    ratio: Spread,
}

#[derive(Deserialize)]
struct Ready {
    ready: String,
}

#[derive(Deserialize)]
struct Timed {
    seconds: f64,
}

fn main() -> Result<()> {
    let mut args = Args::parse();
    ensure!(args.rounds >= 1, "there is nothing to measure");
    if args.shapes.is_empty() {
        args.shapes = SHAPES.to_vec();
    }
    if args.whats.is_empty() {
        args.whats = vec![What::Train, What::Forward];
    }
    if args.modes.is_empty() {
        args.modes = vec![Mode::Eager, Mode::Compiled];
    }
    let devices = args.devices.iter().map(|name| Ok((name.clone(), device::parse(name)?)));
    let devices = devices.collect::<Result<Vec<_>>>()?;
    let mut peer = match &args.python {
        Some(python) => {
            let threads = ["--threads".to_string(), roofline::threads().to_string()];
            let mut peer = Peer::start(python, "steps.py", &threads)?;
            let Ready { ready } = peer.read()?;
            Some((peer, ready))
        }
        None => None,
    };
    let host = device::parse("flex")?;
    let mut products = roofline::matrix_products(&host)?;
    let mut found = Vec::new();
    for &shape in &args.shapes {
        for &what in &args.whats {
            let peer = peer.as_mut().map(|(peer, _)| peer);
            found.extend(measure(&args, (shape, what), &devices, peer)?);
        }
        // Others may compute too, and not always as much.
        products = products.max(roofline::matrix_products(&host)?);
    }
    let peer = peer.map(|(_, ready)| ready);
    if args.json {
        let report = json!({
            "threads": roofline::threads(), "matrix_products_gflops": products, "peer": peer,
            "rounds": args.rounds, "found": found,
        });
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    print(&args, (products, peer.as_deref()), &found);
    Ok(())
}

/// All devices and the peer by turns, after steps that nobody counts.
fn measure(
    args: &Args,
    (shape, what): (Shape, What),
    devices: &[(String, Device)],
    mut peer: Option<&mut Peer>,
) -> Result<Vec<Found>> {
    if stderr().is_terminal() {
        eprintln!("{} {what:?}", shape.name);
    }
    let (_, config) = shape.blueprint()?;
    let question = |mode: Mode| {
        json!({
            "config": config, "rows": shape.rows, "length": shape.length, "what": what, "mode": mode,
        })
    };
    let jobs = devices.iter().map(|(_, device)| Job::new(shape, what, device));
    let mut jobs = jobs.collect::<Result<Vec<_>>>()?;
    for job in &mut jobs {
        (0..3).try_for_each(|_| job.step())?;
    }
    let mut ours = vec![Vec::new(); jobs.len()];
    let mut theirs = vec![Vec::new(); args.modes.len()];
    for round in 0..=args.rounds {
        for (job, times) in jobs.iter_mut().zip(&mut ours) {
            let began = Instant::now();
            job.step()?;
            times.push(1e3 * began.elapsed().as_secs_f64());
        }
        if let Some(peer) = &mut peer {
            for (&mode, times) in args.modes.iter().zip(&mut theirs) {
                let Timed { seconds } = peer.ask(&question(mode))?;
                times.push(1e3 * seconds);
            }
        }
        if round == 0 {
            ours.iter_mut().chain(&mut theirs).for_each(Vec::clear);
        }
    }
    let found = devices.iter().zip(jobs).zip(ours).map(|(((name, _), job), ours)| {
        let milliseconds = Spread::of(&ours);
        let gflops = job.flops / milliseconds.median / 1e6;
        let compared = args.modes.iter().zip(&theirs).filter(|(_, times)| !times.is_empty());
        let peers = compared.map(|(&mode, theirs)| {
            let ratios = theirs.iter().zip(&ours).map(|(theirs, ours)| theirs / ours);
            let ratio = Spread::of(&ratios.collect::<Vec<_>>());
            Compared { mode, milliseconds: Spread::of(theirs), ratio }
        });
        Found {
            shape: shape.name,
            what,
            device: name.clone(),
            milliseconds,
            gflops,
            peers: peers.collect(),
        }
    });
    Ok(found.collect())
}

fn print(args: &Args, (products, peer): (f64, Option<&str>), found: &[Found]) {
    let beside = peer.map(|peer| format!(", beside {peer}")).unwrap_or_default();
    println!("{} rounds, {} threads{beside}", args.rounds, roofline::threads());
    println!("matrix products reach {products:.0} GFLOP/s here\n");
    println!("| | | device | ms | GFLOP/s | of the limit | peer | ms | times as fast |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for Found { shape, what, device, milliseconds, gflops, peers } in found {
        let what = format!("{what:?}").to_lowercase();
        let share = 100.0 * gflops / products;
        let own =
            format!("| {shape} | {what} | {device} | {milliseconds} | {gflops:.0} | {share:.0} %");
        if peers.is_empty() {
            println!("{own} | | | |");
        }
        for Compared { mode, milliseconds, ratio } in peers {
            let mode = format!("{mode:?}").to_lowercase();
            println!("{own} | {mode} | {milliseconds} | {ratio} |");
        }
    }
}
