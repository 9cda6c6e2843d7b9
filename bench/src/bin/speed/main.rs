//! Compares the times of training steps and forward passes with other libraries and with the peak
//! throughput of the machine.

#![recursion_limit = "256"]

mod beside;
mod own;
mod shapes;

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, ensure};
use beside::{Compared, Mode, Peers};
use burn_zoo::{Device, device};
use clap::Parser;
use own::{Job, What};
use serde::Serialize;
use serde_json::json;
use shapes::{SHAPES, Shape};
use zoo_bench::peer::settle;
use zoo_bench::roofline;
use zoo_bench::spread::Spread;

/// Time training steps and forward passes of several models, in turn with transformers on PyTorch
/// and with candle.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  speed --shape gpt2-nano\n  speed --python \"$(scripts/reference-env)\" \
                  --device flex --device tch --json > speed.json\n\n\
                  candle is a separate program, built in its own directory:\n  \
                  (cd bench/peers/candle && cargo build --release)\n  \
                  speed --candle bench/peers/candle/target/release/candle-peer --shape llama-134m \
                  --what prefill"
)]
struct Args {
    /// The model and batch to measure; may be repeated, all by default
    #[arg(long = "shape", value_name = "NAME", value_parser = shapes::find)]
    shapes: Vec<Shape>,
    /// The kind of step; may be repeated, `train` and `forward` by default
    #[arg(long = "what", value_name = "WHAT")]
    whats: Vec<What>,
    /// The device to compute on; may be repeated
    #[arg(long = "device", value_name = "DEVICE", default_value = "flex")]
    devices: Vec<String>,
    /// A Python with transformers and torch, to compare with
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// The program of bench/peers/candle, to compare with
    #[arg(long, value_name = "FILE")]
    candle: Option<PathBuf>,
    /// PyTorch's execution mode; may be repeated, both by default
    #[arg(long = "mode", value_name = "MODE")]
    modes: Vec<Mode>,
    /// The dropout probability of hidden states and attention weights in training
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = zoo_bench::probability)]
    dropout: f64,
    /// The number of measured rounds
    #[arg(long, value_name = "N", default_value_t = 11)]
    rounds: usize,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// The times of one device for one shape.
#[derive(Serialize)]
struct Found {
    shape: &'static str,
    what: What,
    device: String,
    milliseconds: Spread,
    /// GFLOP/s at the median time.
    gflops: f64,
    peers: Vec<Compared>,
}

fn main() -> Result<()> {
    let mut args = Args::parse();
    ensure!(args.rounds >= 1, "there is nothing to measure");
    if args.shapes.is_empty() {
        args.shapes = SHAPES.to_vec();
    }
    args.shapes.iter_mut().for_each(|shape| shape.dropout = args.dropout);
    if args.whats.is_empty() {
        args.whats = vec![What::Train, What::Forward];
    }
    if args.modes.is_empty() {
        args.modes = vec![Mode::Eager, Mode::Compiled];
    }
    let devices = args.devices.iter().map(|name| Ok((name.clone(), device::parse(name)?)));
    let devices = devices.collect::<Result<Vec<_>>>()?;
    let mut peers = Peers::start(&args)?;
    let host = device::parse("flex")?;
    let mut products = roofline::matrix_products(&host)?;
    let mut found = Vec::new();
    for &shape in &args.shapes {
        for &what in &args.whats {
            if what != What::Prefill || shape.continues_texts()? {
                found.extend(measure(args.rounds, shape, what, &devices, &mut peers)?);
            }
        }
        // The load from other processes varies, so the best measurement is kept.
        products = products.max(roofline::matrix_products(&host)?);
    }
    if args.json {
        let report = json!({
            "threads": roofline::threads(), "matrix_products_gflops": products,
            "peers": peers.ready(), "rounds": args.rounds, "dropout": args.dropout, "found": found,
        });
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    print(&args, products, &peers.ready(), &found);
    Ok(())
}

/// Measures all devices and peers in turn, after unmeasured warm-up steps.
fn measure(
    rounds: usize,
    shape: Shape,
    what: What,
    devices: &[(String, Device)],
    peers: &mut Peers,
) -> Result<Vec<Found>> {
    if stderr().is_terminal() {
        eprintln!("{} {what:?}", shape.name);
    }
    let jobs = devices.iter().map(|(_, device)| Job::new(shape, what, device));
    let mut jobs = jobs.collect::<Result<Vec<_>>>()?;
    for job in &mut jobs {
        (0..3).try_for_each(|_| job.step())?;
    }
    let mut peers = peers.jobs(shape, what)?;
    let mut ours = vec![Vec::new(); jobs.len()];
    for _ in 0..rounds {
        for (job, times) in jobs.iter_mut().zip(&mut ours) {
            settle();
            let began = Instant::now();
            job.step()?;
            times.push(1e3 * began.elapsed().as_secs_f64());
        }
        peers.step()?;
    }
    let found = devices.iter().zip(jobs).zip(ours).map(|(((name, _), job), ours)| {
        let milliseconds = Spread::of(&ours);
        let gflops = job.flops / milliseconds.median / 1e6;
        Found {
            shape: shape.name,
            what,
            device: name.clone(),
            milliseconds,
            gflops,
            peers: peers.compared(&ours),
        }
    });
    Ok(found.collect())
}

fn print(args: &Args, products: f64, peers: &[&str], found: &[Found]) {
    let compared: String = peers.iter().map(|peer| format!(", compared with {peer}")).collect();
    println!("{} rounds, {} threads{compared}", args.rounds, roofline::threads());
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
