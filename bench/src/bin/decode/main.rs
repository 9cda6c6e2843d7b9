//! Compares the speed of decoding with the memory bandwidth limit and with other libraries.

mod model;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use burn_zoo::device;
use burn_zoo::models::checkpoint::{LoadDtype, ModelSpec, load_as};
use burn_zoo::models::generate::{Flow, Options, Prompt, generate};
use burn_zoo::models::heads::CausalLm;
use burn_zoo::models::precision::Precision;
use clap::Parser;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zoo_bench::bandwidth::Memory;
use zoo_bench::peer::Peer;
use zoo_bench::spread::{Spread, median};

use model::{bytes_per_step, make};

/// Decode greedily with a model of 12 layers and 768 features, at several batch sizes, and compare
/// the speed with the memory bandwidth and, optionally, with transformers and candle.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  decode\n  decode --python \"$(scripts/reference-env)\" --json\n  \
                  decode --family llama --weights bf16\n\n\
                  candle is a separate program, built in its own directory, without GPT-2:\n  \
                  (cd bench/peers/candle && cargo build --release)\n  \
                  decode --family llama --candle bench/peers/candle/target/release/candle-peer"
)]
struct Args {
    /// The directory of the model, created if missing; a temporary directory by default
    #[arg(long, value_name = "DIRECTORY")]
    model: Option<PathBuf>,
    /// The model to create: GPT-2 124M, or a Llama of 134M
    #[arg(long, value_name = "FAMILY", default_value = "gpt2", value_parser = ["gpt2", "llama"])]
    family: String,
    /// The precision of the created checkpoint: f32, or bf16, as most large models are published
    #[arg(long, value_name = "FORMAT", default_value_t)]
    weights: Precision,
    /// The device to compute on
    #[arg(long, value_name = "DEVICE", default_value = "flex")]
    device: String,
    /// A Python with transformers and torch, to compare with
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// The program of bench/peers/candle, to compare with
    #[arg(long, value_name = "FILE")]
    candle: Option<PathBuf>,
    /// The precision of the peers' weights and computation
    #[arg(long, value_name = "FORMAT", default_value = "f32", value_parser = ["f32", "bf16"])]
    peer_format: String,
    /// The batch size; may be repeated
    #[arg(long = "batch", value_name = "N", default_values_t = [1, 8])]
    batches: Vec<usize>,
    /// Tokens of each prompt
    #[arg(long, value_name = "N", default_value_t = 32)]
    prompt_tokens: usize,
    /// New tokens of each text
    #[arg(long, value_name = "N", default_value_t = 65)]
    new_tokens: usize,
    /// The number of measured rounds
    #[arg(long, value_name = "N", default_value_t = 7)]
    rounds: usize,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// The decoding of one batch, by Burn Zoo or by a peer.
#[derive(Deserialize)]
struct Decoded {
    /// The times between consecutive tokens of the batch.
    seconds: Vec<f64>,
    /// The time until the first token, which includes the prefill; peers do not report it.
    #[serde(default)]
    first: f64,
    tokens: Vec<Vec<u32>>,
}

/// The results of one batch size.
#[derive(Serialize)]
struct Found {
    batch: usize,
    /// Milliseconds per step, over the rounds.
    milliseconds: Spread,
    /// Milliseconds until the first token.
    first: Spread,
    tokens_per_second: f64,
    /// The memory bandwidth measured in each round, in GB/s.
    read_bandwidth: Spread,
    /// The achieved share of this bandwidth, over the rounds.
    share: Spread,
    peers: Vec<Compared>,
}

#[derive(Serialize)]
struct Compared {
    /// The libraries of the peer.
    peer: String,
    milliseconds: Spread,
    tokens_per_second: f64,
    /// Our throughput divided by theirs, over the rounds.
    ratio: Spread,
    /// Whether all tokens were the same.
    same_tokens: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(
        args.new_tokens >= 2,
        "--new-tokens must be at least 2: the first token includes the prefill"
    );
    ensure!(args.rounds >= 1 && !args.batches.contains(&0), "there is nothing to measure");
    let temporary = tempfile::tempdir()?;
    let folder = args.model.as_deref().unwrap_or(temporary.path());
    if !folder.join("config.json").exists() {
        make(folder, &args.family, args.weights)?;
    }
    let device = device::parse(&args.device)?;
    let spec = ModelSpec::read(folder)?;
    let model = load_as(folder, spec, &device, LoadDtype::Checkpoint)?.into_causal_lm()?;
    let bytes = bytes_per_step(&model);
    let mut peers = start(&args, folder)?;
    let bench = Bench { args: &args, model: &model, bytes, memory: Memory::filled() };
    let mut found = Vec::new();
    for &batch in &args.batches {
        found.push(bench.measure(batch, &mut peers)?);
    }
    let peers: Vec<&str> = peers.iter().map(Peer::ready).collect();
    if args.json {
        let report = json!({
            "bytes_per_step": bytes, "peers": peers, "prompt_tokens": args.prompt_tokens,
            "new_tokens": args.new_tokens, "rounds": args.rounds, "batches": found,
        });
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    print(&args, bytes, &found);
    Ok(())
}

fn start(args: &Args, folder: &Path) -> Result<Vec<Peer>> {
    let folder = folder.to_str().context("a peer's directory must be valid UTF-8")?;
    let mut peers = Vec::new();
    if let Some(python) = &args.python {
        peers.push(Peer::script(python, "decode.py", &[folder, &args.peer_format])?);
    }
    if let Some(candle) = &args.candle {
        peers.push(Peer::program(candle, &["decode", folder, &args.peer_format])?);
    }
    Ok(peers)
}

/// The setup of a measurement.
struct Bench<'a> {
    args: &'a Args,
    model: &'a CausalLm,
    /// The number of bytes that every step reads.
    bytes: usize,
    memory: Memory,
}

impl Bench<'_> {
    /// Decodes with Burn Zoo and the peers in turn, after an unmeasured warm-up round.
    fn measure(&self, batch: usize, peers: &mut [Peer]) -> Result<Found> {
        let prompts = self.prompts(batch);
        let question = json!({ "prompts": prompts, "new_tokens": self.args.new_tokens });
        let (mut ours, mut theirs) = (Vec::new(), vec![Vec::new(); peers.len()]);
        let mut first = Vec::new();
        let (mut bandwidths, mut shares) = (Vec::new(), Vec::new());
        let mut same_tokens = vec![true; peers.len()];
        for round in 0..=self.args.rounds {
            // Other processes may use memory bandwidth too: it is measured before and after.
            let before = self.memory.bandwidth();
            let own = decode(self.model, &prompts, self.args.new_tokens)?;
            let bandwidth = before.max(self.memory.bandwidth());
            for (index, peer) in peers.iter_mut().enumerate() {
                let other: Decoded = peer.ask(&question)?;
                same_tokens[index] &= own.tokens == other.tokens;
                if round > 0 {
                    theirs[index].push(1e3 * median(&other.seconds));
                }
            }
            if round > 0 {
                let seconds = median(&own.seconds);
                ours.push(1e3 * seconds);
                first.push(1e3 * own.first);
                bandwidths.push(bandwidth);
                shares.push(self.bytes as f64 / seconds / (bandwidth * 1e9));
            }
        }
        let per_second = |milliseconds: Spread| batch as f64 * 1e3 / milliseconds.median;
        let milliseconds = Spread::of(&ours);
        let compared = peers.iter().zip(&theirs).zip(same_tokens);
        let compared = compared.map(|((peer, theirs), same_tokens)| {
            let ratios: Vec<f64> =
                theirs.iter().zip(&ours).map(|(theirs, ours)| theirs / ours).collect();
            let milliseconds = Spread::of(theirs);
            Compared {
                peer: peer.ready().to_string(),
                milliseconds,
                tokens_per_second: per_second(milliseconds),
                ratio: Spread::of(&ratios),
                same_tokens,
            }
        });
        Ok(Found {
            batch,
            milliseconds,
            first: Spread::of(&first),
            tokens_per_second: per_second(milliseconds),
            read_bandwidth: Spread::of(&bandwidths),
            share: Spread::of(&shares),
            peers: compared.collect(),
        })
    }

    /// Different prompts of equal length.
    fn prompts(&self, batch: usize) -> Vec<Prompt> {
        let vocab_size = self.model.vocab_size();
        let token = |row: usize, position: usize| (row * 104_729 + position * 7_919) % vocab_size;
        let positions = 0..self.args.prompt_tokens;
        let prompt = |row| positions.clone().map(|position| token(row, position) as u32).collect();
        (0..batch).map(prompt).collect()
    }
}

fn decode(model: &CausalLm, prompts: &[Prompt], new_tokens: usize) -> Result<Decoded> {
    let options = Options { max_new_tokens: new_tokens, ..Options::default() };
    let mut ticks = Vec::with_capacity(new_tokens);
    let began = Instant::now();
    let tokens = generate(model, prompts, &options, &mut |event| {
        if event.request_id.index() == 0 {
            ticks.push(Instant::now());
        }
        Flow::Continue
    })?;
    let seconds = ticks.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    let first = ticks.first().map_or(0.0, |first| (*first - began).as_secs_f64());
    Ok(Decoded { seconds, first, tokens })
}

fn print(args: &Args, bytes: usize, found: &[Found]) {
    println!(
        "{} new tokens after {}, {} rounds; a step reads {:.1} MB",
        args.new_tokens,
        args.prompt_tokens,
        args.rounds,
        bytes as f64 / 1e6,
    );
    for found in found {
        println!(
            "batch {}: {} ms per step, {:.1} tokens/s; the first after {} ms\n  all cores read {} GB/s; the \
             share of that is {}",
            found.batch,
            found.milliseconds,
            found.tokens_per_second,
            found.first,
            found.read_bandwidth,
            found.share,
        );
        for Compared { peer, milliseconds, tokens_per_second, ratio, same_tokens } in &found.peers {
            let same = if *same_tokens { "the same tokens" } else { "other tokens" };
            println!(
                "  {peer}: {milliseconds} ms per step, {tokens_per_second:.1} tokens/s, {same}; ours \
                 is {ratio} times that"
            );
        }
    }
}
