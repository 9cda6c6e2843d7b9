//! Measures how the memory of training grows with the sequence length.

#![recursion_limit = "256"]

use std::process::Command;

use anyhow::{Context, Result, ensure};
use burn_zoo::datasets::batch::LmBatch;
use burn_zoo::models::backbones::recompute::checkpoint_blocks;
use burn_zoo::models::checkpoint::{Model, ModelSpec};
use burn_zoo::models::families::{self, Size};
use burn_zoo::train::adamw::{AdamW, AdamWConfig};
use burn_zoo::train::{LanguageModeling, ObjectiveBatch, Pass, StepAt, TrainStep};
use burn_zoo::{device, system};
use clap::Parser;
use serde::{Deserialize, Serialize};
use zoo_kernels::memory;

/// Train on batches with the same number of tokens in rows of different lengths, each length in its
/// own process, and compare their peak memory.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  length\n  length --family llama --device tch --json\n  length --length 512 --layers 12 --checkpoint-blocks"
)]
struct Args {
    /// The model family to train
    #[arg(long, value_name = "FAMILY", default_value = "gpt2")]
    family: String,
    /// The device to compute on
    #[arg(long, value_name = "DEVICE", default_value = "flex")]
    device: String,
    /// Tokens of a row; may be repeated
    #[arg(long = "length", value_name = "N", default_values_t = [512, 1024, 2048, 4096])]
    lengths: Vec<usize>,
    /// Tokens of a batch
    #[arg(long, value_name = "N", default_value_t = 4096)]
    tokens: usize,
    /// Blocks of the model
    #[arg(long, value_name = "N", default_value_t = 4)]
    layers: usize,
    /// The dropout probability of hidden states and attention weights
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = zoo_bench::probability)]
    dropout: f64,
    /// Recompute blocks in the backward pass (activation checkpointing)
    #[arg(long)]
    checkpoint_blocks: bool,
    /// Training steps
    #[arg(long, value_name = "N", default_value_t = 4)]
    steps: usize,
    /// Measure one length in this process
    #[arg(long, hide = true)]
    here: bool,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// The results of one length.
#[derive(Serialize, Deserialize)]
struct Found {
    length: usize,
    rows: usize,
    /// The time of the last step.
    seconds: f64,
    /// The peak memory of the process minus its memory before the model was created.
    bytes: u64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.steps >= 1, "there is nothing to measure");
    ensure!(
        args.lengths.iter().all(|length| *length > 0 && args.tokens.is_multiple_of(*length)),
        "--tokens {} must be a multiple of each --length",
        args.tokens
    );
    if args.here {
        println!("{}", serde_json::to_string(&measure(&args)?)?);
        return Ok(());
    }
    let found = args.lengths.iter().map(|length| in_a_process(*length));
    let found = found.collect::<Result<Vec<Found>>>()?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
        return Ok(());
    }
    println!("| length | rows | seconds of a step | memory, MB | times the first |");
    println!("|---|---|---|---|---|");
    for Found { length, rows, seconds, bytes } in &found {
        let times = *bytes as f64 / found[0].bytes as f64;
        println!("| {length} | {rows} | {seconds:.2} | {:.0} | {times:.2} |", *bytes as f64 / 1e6);
    }
    Ok(())
}

/// Runs this program in a subprocess for one length.
fn in_a_process(length: usize) -> Result<Found> {
    let mut given: Vec<String> = std::env::args().skip(1).filter(|word| word != "--json").collect();
    // Replaces the --length arguments by this length.
    while let Some(at) = given.iter().position(|word| word == "--length") {
        given.drain(at..(at + 2).min(given.len()));
    }
    given.retain(|word| !word.starts_with("--length="));
    let program = std::env::current_exe()?;
    let output = Command::new(program)
        .args(given)
        .args(["--here", "--length", &length.to_string()])
        .stderr(std::process::Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "length {length}: {}", output.status);
    serde_json::from_slice(&output.stdout).context("invalid output of the subprocess")
}

fn measure(args: &Args) -> Result<Found> {
    let length = args.lengths[0];
    let size = Size {
        vocab_size: 65,
        context: length,
        d_model: 256,
        n_layers: args.layers,
        n_heads: 8,
        n_kv_heads: None,
        d_ff: None,
        dropout: args.dropout,
        eos: None,
    };
    memory::keep();
    let device = device::parse(&args.device)?.autodiff();
    let family = families::find(&args.family)?;
    let before = system::peak_memory().context("the memory of this process")?;
    let config = family.sized(&size)?.config;
    let model = ModelSpec::new(family, config)?.initialized(1, &device);
    let Model::CausalLm(model) = model else {
        anyhow::bail!("{} is not a causal language model", args.family)
    };
    let model = if args.checkpoint_blocks { checkpoint_blocks(model) } else { model };
    let mut model = Model::CausalLm(model);
    let constants = AdamWConfig { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay: 0.1 };
    let mut step = TrainStep::new(AdamW::new(constants));
    let rows = args.tokens / length;
    let inputs: Vec<u32> = (0..args.tokens as u32).map(|i| i.wrapping_mul(i) % 65).collect();
    let targets = inputs.iter().map(|&id| i64::from((id + 1) % 65)).collect();
    let objective = LanguageModeling::NextToken;
    let batch = objective.inputs(LmBatch { rows, context: length, inputs, targets });
    let passes: [Box<dyn Pass>; 1] = [Box::new(ObjectiveBatch { objective, batch })];
    let mut seconds = 0.0;
    for _ in 0..args.steps {
        let began = std::time::Instant::now();
        let stepped = step.step(model, &passes, StepAt { rate: 1e-3, seed: 0 });
        let stepped = stepped.map_err(|failed| anyhow::anyhow!("the loss is {}", failed.value))?;
        model = stepped.model;
        device.sync()?;
        seconds = began.elapsed().as_secs_f64();
    }
    let peak = system::peak_memory().context("the memory of this process")?;
    Ok(Found { length, rows, seconds, bytes: peak.saturating_sub(before) })
}
